package import MqantAMQPURI

/// Where a RabbitMQ broker is, and how to log in: an AMQP URI of `server.conf`.
///
/// Its description leaves out the password, the parameters, and what came from a variable that is a secret by its name.
public struct BrokerURI: Sendable, Hashable {
    /// What the URI says.
    package let uri: AMQPURI

    /// The URI as it was given, secrets included. Never print it.
    package let text: String

    /// The URI without secrets.
    private let redacted: String

    /// Reads a URI, for tests and other callers that have no file.
    package init?(_ text: String) {
        guard let uri = try? Self(ConfigurationText(text)) else { return nil }
        self = uri
    }

    init(_ text: ConfigurationText) throws(AMQPURI.Malformed) {
        let text = BrokerURIEnvironment.encoded(text)
        let parts = try AMQPURIParts(text.value)
        self.uri = try AMQPURI(parts)
        self.text = text.value
        self.redacted = parts.redacted(text)
    }
}

extension BrokerURI: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URI for the operator's eyes: without password and parameters.
    public var description: String { redacted }

    /// The same as ``description``.
    public var debugDescription: String { redacted }

    /// Empty, so that `dump` shows no secret either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension AMQPURIParts {
    /// `amqp://user@host:port/vhost`: the parts of a text without the password and the parameters.
    fileprivate func redacted(_ text: ConfigurationText) -> String {
        var shown = isEncrypted ? "amqps://" : "amqp://"
        if let user { shown += text.shown(user) + "@" }
        let name = text.shown(host)
        shown += isBracketed ? "[\(name)]" : name
        if let port { shown += ":" + text.shown(port) }
        if let virtualHost { shown += "/" + text.shown(virtualHost) }
        return shown
    }
}

/// Where a RabbitMQ broker is, and how to log in: an AMQP URI, `amqp://user:password@host:port/vhost?name=value`.
///
/// Its description leaves out the password, the parameters, and whatever came from the environment.
public struct BrokerURI: Sendable, Hashable {
    /// Whether the connection is encrypted: `amqps`.
    package let isEncrypted: Bool

    /// The user, percent-decoded; `guest` where none is given.
    package let user: String

    /// The password, percent-decoded; `guest` where none is given.
    package let password: String

    /// The host name or address, without brackets.
    package let host: String

    /// The port: 5672, or 5671 with TLS, where none is given.
    package let port: Int

    /// The virtual host, percent-decoded. `/` where the path is absent, and, as in mqant, also where it is `/`.
    package let virtualHost: String

    /// What follows `?`, percent-decoded, in order; see ``checkParameters()``.
    package let parameters: [Parameter]

    /// The URI as it was given, secrets included. Never print it.
    package let text: String

    /// The URI without secrets.
    let redacted: String

    /// A parameter of the URI, such as `heartbeat=5`.
    package struct Parameter: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    /// Why a text is no such URI, in words for the operator that quote nothing of it.
    struct Malformed: Error {
        let message: String
    }

    /// Reads a URI, for tests and other callers that have no file.
    package init?(_ text: String) {
        guard let uri = try? Self(ConfigurationText(text)) else { return nil }
        self = uri
    }

    init(_ text: ConfigurationText) throws(Malformed) {
        let parts = try BrokerURIParts(text.value)
        self.text = text.value
        self.isEncrypted = parts.isEncrypted
        self.user = try parts.user.map { range throws(Malformed) in try parts.decoded(range, "user") } ?? "guest"
        self.password =
            try parts.password.map { range throws(Malformed) in try parts.decoded(range, "password") } ?? "guest"
        self.host = try parts.decoded(parts.host, "host")
        self.port = try parts.portNumber()
        let virtualHost = try parts.virtualHost.map { range throws(Malformed) in
            try parts.decoded(range, "virtual host")
        }
        self.virtualHost = virtualHost.flatMap { $0.isEmpty ? nil : $0 } ?? "/"
        self.parameters = try parts.parameters()
        self.redacted = parts.redacted(text)
        try check()
    }

    private func check() throws(Malformed) {
        guard !host.isEmpty else { throw Malformed(message: "has no host; write amqp://user:password@host:port/") }
        guard !user.isEmpty else { throw Malformed(message: "has an empty user") }
        guard virtualHost.utf8.count <= 255, user.utf8.count <= 255 else {
            throw Malformed(message: "has a user or a virtual host of more than 255 bytes")
        }
        let isPlain = [user, password, host, virtualHost].allSatisfy { part in
            part.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        }
        guard isPlain, !host.contains(where: \.isWhitespace) else {
            throw Malformed(message: "has control characters, or white space in its host")
        }
        try checkParameters()
    }
}

extension BrokerURI: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URI without password, parameters, and what came from the environment.
    public var description: String { redacted }

    /// The same as ``description``.
    public var debugDescription: String { redacted }

    /// Empty, so that `dump` shows no secret either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Where a broker is and how to log in: `amqp://user:password@host:port/vhost?name=value`, also `amqps://`.
///
/// The form is RabbitMQ's "URI Specification" with its query parameters. One deviation: a lone `/` as path means the
/// virtual host `/`, as in the clients that mqant's users come from, not one with an empty name.
/// No description of it shows the password.
package struct AMQPURI: Sendable, Hashable {
    /// A name or an address; IPv6 without its brackets.
    package var host: String
    /// 5672, or 5671 with TLS, where the text names none.
    package var port: UInt16
    /// `guest` where the text names none.
    package var user: String
    /// `guest` where the text names none.
    package var password: String
    /// `/` where the text names none.
    package var virtualHost: String
    /// nil: plain TCP.
    package var tls: TLSOptions?
    /// What the node offers the broker, in whole seconds; zero switches heartbeats off. nil: the connection's default.
    package var heartbeat: Duration?
    /// How long connecting to this broker may take; nil: the connection's default.
    package var connectTimeout: Duration?

    /// Why a text is no such URI, in words for the operator: they follow the name of what holds the text, begin with a
    /// verb, and quote nothing of it.
    package struct Malformed: Error, Hashable {
        package let message: String
    }

    package init(
        host: String, port: UInt16 = 5672, user: String = "guest", password: String = "guest",
        virtualHost: String = "/", tls: TLSOptions? = nil
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.virtualHost = virtualHost
        self.tls = tls
    }
}

extension AMQPURI: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URI without password and parameters.
    package var description: String {
        let scheme = tls == nil ? "amqp" : "amqps"
        let bracketed = host.contains(":") ? "[\(host)]" : host
        let path = virtualHost == "/" ? "" : PercentCoding.encode(virtualHost)
        return "\(scheme)://\(PercentCoding.encode(user))@\(bracketed):\(port)/\(path)"
    }

    package var debugDescription: String { description }

    /// Keeps `dump` and string interpolation of an enclosing value from printing the password.
    package var customMirror: Mirror { Mirror(self, children: ["uri": description]) }
}

/// Where a broker is and how to log in: `amqp://user:password@host:port/vhost?options`, also `amqps://`.
///
/// The form is RabbitMQ's "URI Specification" with its query parameters. One deviation: a lone `/` as path means the
/// virtual host `/`, as in the clients that mqant's users come from, not one with an empty name.
/// No description of it shows the password.
package struct ConnectionURI: Sendable, Hashable {
    /// A name or an address; IPv6 without its brackets.
    package var host: String
    package var port: UInt16
    package var user: String
    package var password: String
    package var virtualHost: String
    /// nil: plain TCP.
    package var tls: TLSOptions?
    /// Overrides the configuration's; zero switches heartbeats off.
    package var heartbeat: Duration?
    /// Overrides the configuration's, per URI.
    package var connectTimeout: Duration?

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

extension ConnectionURI: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URI without password and options.
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

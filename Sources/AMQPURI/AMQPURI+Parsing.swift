extension AMQPURI {
    /// Reads a URI.
    package init(parsing text: String) throws(Malformed) {
        try self.init(AMQPURIParts(text))
    }

    /// Reads the parts of a URI.
    package init(_ parts: AMQPURIParts) throws(Malformed) {
        self.init(
            host: try parts.decoded(parts.host, "host"), port: try parts.portNumber(),
            tls: parts.isEncrypted ? TLSOptions() : nil)
        if let user = parts.user { self.user = try parts.decoded(user, "user") }
        if let password = parts.password { self.password = try parts.decoded(password, "password") }
        if let virtualHost = parts.virtualHost, !virtualHost.isEmpty {
            self.virtualHost = try parts.decoded(virtualHost, "virtual host")
        }
        try check()
        for parameter in try parts.parameters() { try read(parameter) }
        if (tls?.certificateFile == nil) != (tls?.keyFile == nil) {
            throw Malformed(message: "has one of certfile and keyfile without the other")
        }
    }

    private func check() throws(Malformed) {
        guard !host.isEmpty else { throw Malformed(message: "has no host; write amqp://user:password@host:port/") }
        guard !host.contains(where: \.isWhitespace) else { throw Malformed(message: "has white space in its host") }
        guard !user.isEmpty else { throw Malformed(message: "has an empty user") }
        // A short string of AMQP (AMQP 0-9-1 §4.2.5.3).
        guard virtualHost.utf8.count <= 255, user.utf8.count <= 255 else {
            throw Malformed(message: "has a user or a virtual host of more than 255 bytes")
        }
    }
}

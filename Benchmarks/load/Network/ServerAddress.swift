import Glibc

/// Where a server listens: `HOST:PORT`, IPv4.
struct ServerAddress: Sendable, Hashable {
    let text: String
    /// In the order of the network.
    let host: UInt32
    let port: UInt16

    /// - Returns: nil if the text has no port, or its host no IPv4 address.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0,
            let host = Self.resolve(String(text[..<colon]))
        else { return nil }
        self.text = text
        self.host = host
        self.port = port
    }

    /// Whether it is of the loopback, 127.0.0.0/8: there a client may have any of these addresses.
    var isLoopback: Bool { UInt32(bigEndian: host) >> 24 == 127 }

    var socketAddress: sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host
        return address
    }

    private static func resolve(_ name: String) -> UInt32? {
        var hints = addrinfo()
        hints.ai_family = AF_INET
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name.isEmpty ? "127.0.0.1" : name, nil, &hints, &found) == 0, let first = found else {
            return nil
        }
        defer { freeaddrinfo(found) }
        return first.pointee.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_addr.s_addr }
    }
}

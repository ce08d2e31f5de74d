import Glibc

/// Where a broker listens: an IPv4 or IPv6 address with a port.
package struct PeerAddress: Sendable, Hashable {
    /// As in a URI, without brackets; of a link-local IPv6 address with its zone.
    package let host: String
    package let isIPv6: Bool
    /// A `sockaddr_in` or `sockaddr_in6`.
    private let bytes: [UInt8]

    /// Reads an address; nil for a name.
    package init?(_ host: String, port: UInt16) {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        guard let first = Self.list(host, port, hints)?.first else { return nil }
        self = first
    }

    private init?(_ info: addrinfo) {
        guard let address = info.ai_addr, [AF_INET, AF_INET6].contains(info.ai_family) else { return nil }
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(address, info.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0 else {
            return nil
        }
        host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        isIPv6 = info.ai_family == AF_INET6
        bytes = Array(UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen)))
    }

    /// Asks the system for the addresses of a name, which may take as long as it likes.
    /// - Returns: nil if there is none.
    static func all(of host: String, port: UInt16) -> [PeerAddress]? { list(host, port, addrinfo()) }

    private static func list(_ host: String, _ port: UInt16, _ hints: addrinfo) -> [PeerAddress]? {
        var hints = hints
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &first) == 0 else { return nil }
        defer { freeaddrinfo(first) }
        var addresses: [PeerAddress] = []
        var next = first
        while let info = next {
            if let address = PeerAddress(info.pointee), !addresses.contains(address) { addresses.append(address) }
            next = info.pointee.ai_next
        }
        return addresses.isEmpty ? nil : addresses
    }

    /// Begins to connect a new socket, which never waits.
    /// - Returns: the socket, or the error number.
    func beginConnecting() -> Result<Int32, SystemCallError> {
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, flags, 0)
        guard descriptor >= 0 else { return .failure(SystemCallError(call: "socket", number: errno)) }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &one, socklen_t(MemoryLayout<Int32>.size))
        let status = bytes.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { connect(descriptor, $0.baseAddress, socklen_t(bytes.count)) }
        }
        guard status == 0 || errno == EINPROGRESS || errno == EINTR else {
            let number = errno
            close(descriptor)
            return .failure(SystemCallError(call: "connect", number: number))
        }
        return .success(descriptor)
    }
}

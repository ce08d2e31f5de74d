private import Glibc

/// Turns host names into addresses.
package struct NameResolver: Sendable {
    /// Why a name has no addresses, in the resolver's words.
    package struct Failure: Error, Sendable, Hashable {
        package let reason: String

        package init(reason: String) {
            self.reason = reason
        }
    }

    private let lookUp: @Sendable (String) -> Result<[IPAddress], Failure>

    /// A resolver of one's own, for tests.
    package init(_ lookUp: @escaping @Sendable (String) -> Result<[IPAddress], Failure>) {
        self.lookUp = lookUp
    }

    /// The addresses of a name. May wait for the network as long as the system's resolver does (`resolv.conf`).
    package func addresses(of name: String) -> Result<[IPAddress], Failure> {
        lookUp(name)
    }

    /// The system's: `/etc/hosts`, DNS, or whatever `nsswitch.conf` says.
    package static let system = NameResolver { name in
        var hints = addrinfo()
        // Without a socket type every address would come three times.
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var head: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &head)
        guard status == 0 else {
            return .failure(Failure(reason: String(cString: gai_strerror(status))))
        }
        defer { freeaddrinfo(head) }
        var addresses: [IPAddress] = []
        var next = head
        while let entry = next {
            next = entry.pointee.ai_next
            if let address = entry.pointee.ai_addr, let ip = IPAddress(address) { addresses.append(ip) }
        }
        return .success(addresses)
    }
}

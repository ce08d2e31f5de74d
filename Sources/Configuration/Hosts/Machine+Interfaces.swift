private import Glibc

extension Machine {
    /// This machine with every address of every interface, IPv4 and IPv6, and the name that the kernel has for it.
    package static func ofInterfaces() -> Self {
        Self(addresses: interfaceAddresses(), names: hostName().map { [$0] } ?? [])
    }

    private static func interfaceAddresses() -> [Address] {
        var head: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&head) == 0 else { return [] }
        defer { freeifaddrs(head) }
        var addresses: Set<Address> = []
        var next = head
        while let entry = next {
            next = entry.pointee.ifa_next
            // An interface without an address has none here either.
            guard let address = entry.pointee.ifa_addr, let ip = IPAddress(address) else { continue }
            addresses.insert(Address(ip: ip, interface: String(cString: entry.pointee.ifa_name)))
        }
        return Array(addresses)
    }

    private static func hostName() -> String? {
        var name = [CChar](repeating: 0, count: 256)
        // The last byte stays zero even where the name was cut.
        guard gethostname(&name, name.count - 1) == 0 else { return nil }
        let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.isEmpty || text == "localhost" ? nil : text
    }
}

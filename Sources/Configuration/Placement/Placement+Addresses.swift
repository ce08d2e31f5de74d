extension Placement {
    /// A fault for each address that cannot be listened on, because an entry before it that starts here has it.
    static func sharedAddresses(in rows: [Row], _ source: ConfigurationSource) -> [ConfigurationError.Fault] {
        var faults: [ConfigurationError.Fault] = []
        var taken: [SettingsReader.Listener] = []
        for listener in rows.filter(\.startsHere).flatMap(\.entry.listeners) {
            if let first = taken.first(where: { $0.address.excludes(listener.address) }) {
                let message = "is taken by \(first.path) too, and both would listen here"
                faults.append(source.fault(at: listener.offset, path: listener.path, message))
            }
            taken.append(listener)
        }
        return faults
    }
}

extension ListenAddress {
    /// Whether the system refuses the other address while something listens here.
    ///
    /// Names are not looked up: two names of one address are told apart only when the second cannot be listened on.
    func excludes(_ other: Self) -> Bool {
        guard port == other.port, port != 0 else { return false }
        if host.isEmpty || other.host.isEmpty { return true }
        guard let address = IPAddress(host), let otherAddress = IPAddress(other.host) else {
            return host.lowercased() == other.host.lowercased()
        }
        if address == otherAddress { return true }
        return address.isIPv6 == otherAddress.isIPv6 && (address.isUnspecified || otherAddress.isUnspecified)
    }
}

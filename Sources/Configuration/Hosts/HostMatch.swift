/// Whether an entry's `Host` is this machine, and why.
package struct HostMatch: Sendable, Hashable {
    /// What stands for `{host}`: the matched address, or the matched name where only a name was given by hand.
    /// Nil where this machine is not meant.
    package let host: String?

    /// The reason, in words for the operator.
    package let reason: String

    /// What may be wrong all the same.
    package let note: String?

    private init(host: String?, reason: String, note: String? = nil) {
        self.host = host
        self.reason = reason
        self.note = note
    }

    /// Compares a pattern with a machine. A name that is not one of the machine's own is looked up.
    package init(_ pattern: HostPattern, on machine: Machine, resolver: NameResolver = .system) {
        switch pattern.kind {
        case .everyMachine(let address):
            self.init(host: address.description, reason: "means every machine")
        case .address(let address, let scope):
            self.init(address, scope: scope, on: machine)
        case .block(let block):
            self.init(block, on: machine)
        case .name(let name):
            self.init(name, isSecret: pattern.text.isSecret, on: machine, resolver: resolver)
        }
    }

    private init(_ address: IPAddress, scope: String?, on machine: Machine) {
        let own = machine.addresses.first { $0.ip == address && (scope == nil || $0.interface == scope) }
        guard let own else {
            self.init(host: nil, reason: "not an address of this machine")
            return
        }
        let interface = own.interface.map { " (\($0))" } ?? ""
        self.init(host: own.ip.description, reason: "an address of this machine\(interface)")
    }

    private init(_ block: AddressBlock, on machine: Machine) {
        if let own = machine.addresses.first(where: { block.contains($0.ip) }) {
            self.init(host: own.ip.description, reason: "holds \(own)")
        } else {
            self.init(host: nil, reason: "holds no address of this machine")
        }
    }

    private init(_ name: String, isSecret: Bool, on machine: Machine, resolver: NameResolver) {
        let isOwnName = machine.names.contains(name.hasSuffix(".") ? String(name.dropLast()) : name)
        if isOwnName, machine.isOverridden {
            // Several machines may share a name in DNS; by hand it means this one.
            self.init(host: machine.primaryAddress?.ip.description ?? name, reason: "the name of this machine")
            return
        }
        let resolved: [IPAddress]
        switch resolver.addresses(of: name) {
        case .success(let addresses):
            resolved = addresses
        case .failure(let failure) where !isOwnName:
            let note = "the name cannot be resolved (\(failure.reason)), so it is taken for another machine"
            self.init(host: nil, reason: "cannot be resolved: taken for another machine", note: note)
            return
        case .failure:
            resolved = []
        }
        let own = machine.addresses.first { resolved.contains($0.ip) }
        if isOwnName {
            // Many systems give their own name a loopback address, which is of no use to others.
            let best = own.flatMap { $0.ip.isLoopback ? nil : $0 } ?? machine.primaryAddress ?? own
            self.init(host: best?.ip.description ?? name, reason: "the name of this machine")
        } else if let own {
            self.init(host: own.ip.description, reason: "resolves to \(own)")
        } else {
            let list = resolved.sorted().prefix(3).map(\.description).joined(separator: ", ")
            let target = isSecret || list.isEmpty ? "another machine" : "\(list)\(resolved.count > 3 ? ", …" : "")"
            self.init(host: nil, reason: "resolves to \(target), not this machine")
        }
    }
}

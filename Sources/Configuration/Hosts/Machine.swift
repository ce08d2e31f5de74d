/// What this machine is, as far as the placement of modules goes: its addresses and its names.
package struct Machine: Sendable, Hashable {
    /// An address and the interface that has it.
    package struct Address: Sendable, Hashable {
        package let ip: IPAddress

        /// The name of the interface; nil where the address was given by hand.
        package let interface: String?

        package init(ip: IPAddress, interface: String? = nil) {
            self.ip = ip
            self.interface = interface
        }
    }

    /// The addresses, the most useful first: those that others can reach, then link-local ones, then loopback; within
    /// each by number. So the choice is the same in every run.
    package let addresses: [Address]

    /// The names, in lower case.
    package let names: [String]

    /// Whether `--host` or `MQANT_HOST` said what this machine is, rather than its interfaces.
    package let isOverridden: Bool

    package init(addresses: [Address], names: [String], isOverridden: Bool = false) {
        self.addresses = addresses.sorted {
            ($0.rank, $0.ip, $0.interface ?? "") < ($1.rank, $1.ip, $1.interface ?? "")
        }
        self.names = names.map { $0.lowercased() }
        self.isOverridden = isOverridden
    }

    /// A machine that is only what a list says: `10.0.0.5` or `10.0.0.5,fd00::5,chat-1`. Every machine is
    /// `127.0.0.1`, `::1` and `localhost` besides.
    ///
    /// - Parameters:
    ///   - list: Addresses and host names, separated by commas.
    ///   - origin: Where the list comes from, for faults: `--host` or `MQANT_HOST`.
    package init(list: String, origin: String = "--host") throws(ConfigurationError) {
        var addresses: [Address] = []
        var names: [String] = []
        var faults: [ConfigurationError.Fault] = []
        for item in list.split(separator: ",", omittingEmptySubsequences: false) {
            let item = item.trimmingSpace
            do throws(HostPattern.Malformed) {
                switch try HostPattern(ConfigurationText(item)).kind {
                case .everyMachine(let ip): addresses.append(Address(ip: ip))
                case .address(let ip, let scope): addresses.append(Address(ip: ip, interface: scope))
                case .name(let name): names.append(name)
                case .block:
                    throw HostPattern.Malformed(message: "is a CIDR block; a machine has addresses and names")
                }
            } catch {
                faults.append(.init(file: origin, message: "\(item.quotedForFault) \(error.message)"))
            }
        }
        guard faults.isEmpty else { throw ConfigurationError(faults: faults) }
        self.init(addresses: addresses, names: names, isOverridden: true)
    }

    /// This machine: what `--host` says, else what `MQANT_HOST` says, else what its interfaces say. An empty
    /// `MQANT_HOST` counts as unset, as compose files make it.
    package static func current(
        hostOption: String? = nil, environment: [String: String]
    ) throws(ConfigurationError) -> Self {
        if let hostOption { return try Self(list: hostOption) }
        if let list = environment["MQANT_HOST"], !list.trimmingSpace.isEmpty {
            return try Self(list: list, origin: "MQANT_HOST")
        }
        return Self.ofInterfaces()
    }

    /// The first address, loopback ones aside.
    package var primaryAddress: Address? {
        addresses.first { !$0.ip.isLoopback }
    }
}

extension Machine.Address: CustomStringConvertible {
    /// `10.0.0.5 (eth0)`
    package var description: String {
        interface.map { "\(ip) (\($0))" } ?? "\(ip)"
    }

    fileprivate var rank: Int {
        ip.isLoopback ? 2 : ip.isLinkLocal ? 1 : 0
    }
}

extension StringProtocol {
    var trimmingSpace: String {
        let head = drop(while: \.isWhitespace)
        return String(head.reversed().drop(while: \.isWhitespace).reversed())
    }
}

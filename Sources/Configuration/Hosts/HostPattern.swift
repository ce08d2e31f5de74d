/// What an entry's `Host` says: which machines start it.
package struct HostPattern: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// `127.0.0.1`, `::1` or `localhost`: every machine.
        case everyMachine(IPAddress)
        /// An address, and the interface that it means where a scope is given (`fe80::1%eth0`, RFC 4007 §11).
        case address(IPAddress, scope: String?)
        case block(AddressBlock)
        /// A host name, in lower case.
        case name(String)
    }

    let kind: Kind
    let text: ConfigurationText

    /// Why a text is no pattern, in words for the operator.
    struct Malformed: Error {
        let message: String
    }

    init(_ text: ConfigurationText) throws(Malformed) {
        self.text = text
        self.kind = try Self.kind(of: text.value)
    }

    private init(everyMachine address: IPAddress) {
        text = ConfigurationText(address.description)
        kind = .everyMachine(address)
    }

    /// `127.0.0.1`
    static let everyMachine = Self(everyMachine: .loopback)

    private static func kind(of text: String) throws(Malformed) -> Kind {
        guard !text.isEmpty else {
            throw Malformed(message: "is empty; write the address of a machine, or 127.0.0.1 for every machine")
        }
        if text.contains("/") {
            guard let block = AddressBlock(text) else {
                throw Malformed(message: "is not a CIDR block such as 172.30.0.32/27 or fd00::/8")
            }
            return .block(block)
        }
        if let kind = try address(text) { return kind }
        // Some resolvers read "10.1" and "0x7f.1" as addresses; here it is a slip.
        guard !text.utf8.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") }), !text.contains(":") else {
            throw Malformed(message: "is not an IPv4 or IPv6 address")
        }
        guard isHostName(text) else {
            throw Malformed(message: "is neither an address, nor a CIDR block, nor a host name")
        }
        let name = text.lowercased()
        return name == "localhost" ? .everyMachine(.loopback) : .name(name)
    }

    private static func address(_ text: String) throws(Malformed) -> Kind? {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else { return nil }
        guard !address.isUnspecified else {
            throw Malformed(message: "is no machine's address; write 127.0.0.1 for every machine")
        }
        guard parts.count == 2 else {
            return address == .loopback || address.isIPv6 && address.isLoopback
                ? .everyMachine(address) : .address(address, scope: nil)
        }
        guard address.isIPv6, !parts[1].isEmpty else {
            throw Malformed(message: "has a scope that is not the name of an interface, as in fe80::1%eth0")
        }
        return .address(address, scope: String(parts[1]))
    }

    /// RFC 1123 §2.1, and the underscore that container networks use.
    private static func isHostName(_ text: String) -> Bool {
        let labels = (text.hasSuffix(".") ? text.dropLast() : text[...]).split(
            separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.utf8.first != UInt8(ascii: "-")
                    && label.utf8.last != UInt8(ascii: "-")
                    && label.utf8.allSatisfy {
                        $0.isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
                            || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                    }
            }
    }
}

extension HostPattern: CustomStringConvertible, CustomReflectable {
    /// The pattern, for the operator's eyes.
    package var description: String { text.shown }

    /// Empty, so that `dump` shows no more than ``description``.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension IPAddress {
    /// 127.0.0.1
    static var loopback: Self { Self(v4: 127, 0, 0, 1) }
}

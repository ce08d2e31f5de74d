/// A CIDR block (RFC 4632 §3.1, RFC 4291 §2.3): `172.30.0.32/27`, `fd00::/8`.
package struct AddressBlock: Sendable, Hashable {
    /// The first address of the block.
    package let base: IPAddress

    /// How many leading bits the addresses of the block share.
    package let prefixLength: Int

    /// Reads a block; bits beyond the prefix are dropped. Nil where it is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])) else { return nil }
        let digits = parts[1].utf8
        guard !digits.isEmpty, digits.count <= 3, digits.allSatisfy(\.isDigit), let length = Int(parts[1]),
            length <= address.bytes.count * 8
        else { return nil }
        let masked = address.bytes.enumerated().map { index, byte in
            let bits = max(0, min(8, length - index * 8))
            return byte & ~UInt8(truncatingIfNeeded: 0xFF >> bits)
        }
        guard let base = IPAddress(bytes: masked) else { return nil }
        self.base = base
        self.prefixLength = length
    }

    /// Whether an address lies in the block. IPv4 lies in no IPv6 block.
    package func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == base.bytes.count else { return false }
        for (index, byte) in address.bytes.enumerated() {
            let bits = max(0, min(8, prefixLength - index * 8))
            if byte & ~UInt8(truncatingIfNeeded: 0xFF >> bits) != base.bytes[index] { return false }
        }
        return true
    }
}

extension AddressBlock: CustomStringConvertible {
    /// The block as it is usually written, by its first address.
    package var description: String { "\(base)/\(prefixLength)" }
}

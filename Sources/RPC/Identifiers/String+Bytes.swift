import Glibc

/// Comparing texts by their bytes of UTF-8. Swift's `==` and `hash` go by canonical equivalence: one é in two spellings
/// is one string there, and two names at a broker.
extension String {
    /// Whether both are the same bytes.
    package func hasSameBytes(as other: String) -> Bool {
        withBytes(and: other) { left, right in
            left.count == right.count && Self.compare(left, right, left.count) == 0
        } ?? utf8.elementsEqual(other.utf8)
    }

    /// Whether the bytes sort before those of `other`.
    func precedesInBytes(_ other: String) -> Bool {
        withBytes(and: other) { left, right in
            let order = Self.compare(left, right, min(left.count, right.count))
            return order < 0 || (order == 0 && left.count < right.count)
        } ?? utf8.lexicographicallyPrecedes(other.utf8)
    }

    /// Hashes the bytes.
    func hashBytes(into hasher: inout Hasher) {
        let isDone: Void? = utf8.withContiguousStorageIfAvailable { bytes in
            hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
            // What is hashed behind it must not be taken for a part of it.
            hasher.combine(UInt8.max)
        }
        guard isDone == nil else { return }
        Array(utf8).withUnsafeBytes { hasher.combine(bytes: $0) }
        hasher.combine(UInt8.max)
    }

    /// Whether the text begins with these bytes. `hasPrefix` compares characters: it misses a prefix that a combining
    /// mark follows.
    package func hasBytePrefix(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

    /// - Returns: nil if one of them is not stored as UTF-8, which on Linux all are.
    private func withBytes(
        and other: String, _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Bool? {
        utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in body(left, right) }
        } ?? nil
    }

    private static func compare(
        _ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>, _ count: Int
    ) -> Int32 {
        guard count > 0, let left = left.baseAddress, let right = right.baseAddress else { return 0 }
        return memcmp(left, right, count)
    }
}

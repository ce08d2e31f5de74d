internal import CMqantRabbitMQ

/// Turns the bytes of names into Strings, and gives the same String again when the same name comes again.
///
/// Exchanges, routing keys, consumer tags, content types, function names: a connection sees few of them, millions of
/// times, and each over 15 bytes would cost an allocation. A direct-mapped table of fixed size: a collision evicts.
struct StringCache {
    private static let slots = 256
    private static let longestCached = 64
    private var entries: [String?] = Array(repeating: nil, count: slots)

    mutating func string(_ source: amqp_bytes_t) -> String {
        guard source.len > 0, let base = source.bytes else { return "" }
        let bytes = UnsafeRawBufferPointer(start: base, count: source.len)
        // Up to 15 bytes are stored in the String itself: nothing to save.
        if bytes.count <= 15 || bytes.count > Self.longestCached { return String(decoding: bytes, as: UTF8.self) }
        let slot = Self.hash(bytes) & (Self.slots - 1)
        if var known = entries[slot], known.utf8.count == bytes.count,
            known.withUTF8({ $0.elementsEqual(bytes) })
        {
            return known
        }
        let made = String(decoding: bytes, as: UTF8.self)
        entries[slot] = made
        return made
    }

    /// FNV-1a over the length and the last 16 bytes, where generated names differ.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(bytes.count)
        for byte in bytes.suffix(16) {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return Int(truncatingIfNeeded: hash ^ (hash >> 32))
    }
}

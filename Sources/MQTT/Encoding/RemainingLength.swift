/// A remaining length in its one to four bytes (MQTT 3.1.1 §2.2.3): seven bits a byte, least significant first, all but the
/// last with their highest bit set.
struct RemainingLength: Sequence, IteratorProtocol {
    /// The largest that four bytes can say.
    static let maximum = 268_435_455

    /// Nil behind the last byte.
    private var rest: UInt32?

    /// - Parameter length: 0...``maximum``.
    init(_ length: Int) {
        rest = UInt32(truncatingIfNeeded: length)
    }

    /// How many bytes it takes: counted, so that it cannot differ from what is written.
    var size: Int { reduce(0) { count, _ in count + 1 } }

    mutating func next() -> UInt8? {
        guard let current = rest else { return nil }
        rest = current > 0x7F ? current >> 7 : nil
        return UInt8(truncatingIfNeeded: current) & 0x7F | (current > 0x7F ? 0x80 : 0)
    }
}

/// Takes the packets that a server sends out of bytes, in place.
struct PacketScanner {
    /// The largest packet that is taken, its header included.
    static let longestPacket = 256 * 1024

    struct Packet {
        /// Type and flags.
        var header: UInt8
        var body: UnsafeRawBufferPointer

        var type: UInt8 { header >> 4 }
    }

    private let bytes: UnsafeRawBufferPointer
    /// Where the next packet begins: all before has been taken.
    private(set) var index = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// - Returns: nil while less than a whole packet is there.
    mutating func next() throws(ConnectionFault) -> Packet? {
        var size = 0
        var at = index + 1
        var shift = 0
        while true {
            guard at < bytes.count else { return nil }
            let byte = bytes[at]
            size |= Int(byte & 0x7f) << shift
            at += 1
            if byte & 0x80 == 0 { break }
            shift += 7
            guard shift < 28 else { throw .notMQTT }
        }
        guard at - index + size <= Self.longestPacket else { throw .packetTooLong }
        guard size <= bytes.count - at else { return nil }
        let packet = Packet(header: bytes[index], body: UnsafeRawBufferPointer(rebasing: bytes[at..<(at + size)]))
        index = at + size
        return packet
    }
}

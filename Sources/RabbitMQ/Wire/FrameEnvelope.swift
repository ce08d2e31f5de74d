/// The seven octets before a frame's payload and the one after it, AMQP 0-9-1 §4.2.3.
struct FrameEnvelope {
    static let headerSize = 7
    /// Header and end octet.
    static let overhead = 8
    static let end: UInt8 = 0xCE

    enum Kind: UInt8 {
        case method = 1
        case header = 2
        case body = 3
        case heartbeat = 8
    }

    var kind: Kind
    var channel: UInt16
    var payloadSize: Int

    /// Reads a header and checks it, so that no other octet of the frame is looked at under a wrong idea of its size.
    ///
    /// nil: fewer than seven octets. The end octet is the caller's to check, once it is there.
    init?(reading bytes: UnsafeRawBufferPointer, frameMaximum: Int) throws(RabbitMQError) {
        guard bytes.count >= Self.headerSize else { return nil }
        guard let kind = Kind(rawValue: bytes[0]) else {
            throw .malformed("a frame of unknown type \(bytes[0])")
        }
        let size = bytes.loadUnaligned(fromByteOffset: 3, as: UInt32.self).bigEndian
        guard Int(size) <= frameMaximum - Self.overhead else {
            throw .malformed("a frame of \(size) bytes, over the negotiated bound")
        }
        self.kind = kind
        channel = bytes.loadUnaligned(fromByteOffset: 1, as: UInt16.self).bigEndian
        payloadSize = Int(size)
        let least =
            switch kind {
            case .method: 4
            case .header: 14
            case .body, .heartbeat: 0
            }
        if payloadSize < least || (kind == .heartbeat && payloadSize > 0) {
            throw .malformed("a \(kind) frame of \(size) bytes")
        }
    }

    /// Writes the seven octets. `payloadSize` fits 32 bits: frames are never larger than the negotiated bound.
    static func write(_ kind: Kind, channel: UInt16, payloadSize: Int, to memory: UnsafeMutableRawPointer) {
        memory.storeBytes(of: kind.rawValue, as: UInt8.self)
        memory.storeBytes(of: channel.bigEndian, toByteOffset: 1, as: UInt16.self)
        memory.storeBytes(of: UInt32(clamping: payloadSize).bigEndian, toByteOffset: 3, as: UInt32.self)
    }
}

internal import NIOCore

/// Reads the fields of one packet and cannot see beyond its end.
struct PacketReader {
    /// What is left of the packet.
    private(set) var body: ByteBuffer

    init(_ body: ByteBuffer) {
        self.body = body
    }

    var isAtEnd: Bool { body.readableBytes == 0 }

    mutating func byte() throws(MQTTError) -> UInt8 {
        guard let byte = body.readInteger(as: UInt8.self) else { throw MQTTError(.truncated) }
        return byte
    }

    /// Two bytes, most significant first (MQTT 3.1.1 §1.5.2).
    mutating func integer() throws(MQTTError) -> UInt16 {
        guard let integer = body.readInteger(as: UInt16.self) else { throw MQTTError(.truncated) }
        return integer
    }

    mutating func packetID() throws(MQTTError) -> PacketID {
        guard let id = PacketID(rawValue: try integer()) else { throw MQTTError(.zeroPacketID) }
        return id
    }

    /// As many bytes as the two in front of them say; a slice, nothing is copied.
    mutating func bytes() throws(MQTTError) -> ByteBuffer {
        guard let bytes = body.readSlice(length: Int(try integer())) else { throw MQTTError(.truncated) }
        return bytes
    }

    /// A string (§1.5.3). A byte order mark in it is a character like any other.
    mutating func string() throws(MQTTError) -> String {
        let bytes = try bytes()
        try TextScan(bytes).requireText()
        return String(buffer: bytes)
    }

    /// A topic filter, nil where only its wildcards are wrong.
    mutating func filter() throws(MQTTError) -> TopicFilter? {
        let bytes = try bytes()
        do {
            return try TopicFilter(bytes)
        } catch {
            guard error.code == .invalidFilter else { throw error }
            return nil
        }
    }

    /// Ends the packet: it must be read to its last byte.
    func finish() throws(MQTTError) {
        guard isAtEnd else { throw MQTTError(.trailingBytes) }
    }
}

package import NIOCore

/// A packet as the server sent it.
package struct ServerPacket: Sendable, Hashable {
    /// The packet type (MQTT 3.1.1 §2.2.1).
    package var type: UInt8
    /// The lower half of the first byte (§2.2.2).
    package var flags: UInt8
    /// What follows the remaining length.
    package var body: ByteBuffer

    /// A PUBLISH, taken apart (§3.3); nil if this is none.
    package var publish: Publish? {
        var body = body
        guard type == 3, let length = body.readInteger(as: UInt16.self),
            let topic = body.readString(length: Int(length))
        else {
            return nil
        }
        let qos = flags >> 1 & 3
        let id = qos == 0 ? nil : body.readInteger(as: UInt16.self)
        return Publish(topic: topic, qos: qos, id: id, payload: body.slice())
    }

    /// What a PUBLISH carries.
    package struct Publish: Sendable, Hashable {
        package var topic: String
        package var qos: UInt8
        /// The packet id; nil at QoS 0.
        package var id: UInt16?
        package var payload: ByteBuffer
    }
}

/// Takes packets off the bytes of a server.
package struct ServerPacketReader: Sendable {
    private var input = ByteBuffer()

    package init() {}

    /// Takes in what was read.
    package mutating func append(_ bytes: ByteBuffer) { input.writeImmutableBuffer(bytes) }

    /// The next whole packet; nil if it has not come yet.
    package mutating func next() -> ServerPacket? {
        var rest = input
        guard let first = rest.readInteger(as: UInt8.self) else { return nil }
        var length = 0
        for shift in stride(from: 0, to: 28, by: 7) {
            guard let byte = rest.readInteger(as: UInt8.self) else { return nil }
            length |= Int(byte & 0x7f) << shift
            if byte < 0x80 { break }
        }
        guard let body = rest.readSlice(length: length) else { return nil }
        input = rest
        return ServerPacket(type: first >> 4, flags: first & 0xf, body: body)
    }
}

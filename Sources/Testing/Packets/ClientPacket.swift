package import NIOCore

/// The packets that a test's client sends, put together so that no encoder of the server has a part in them (MQTT 3.1.1 §3).
package enum ClientPacket {
    /// CONNECT with a clean session (§3.1).
    ///
    /// - Parameters:
    ///   - keepAlive: in seconds; 0: none.
    package static func connect(clientID: String = "", keepAlive: UInt16 = 0) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeMQTTString("MQTT")
        body.writeBytes([4, 2])
        body.writeInteger(keepAlive)
        body.writeMQTTString(clientID)
        return packet(0x10, body)
    }

    /// PUBLISH (§3.3).
    ///
    /// - Parameter id: the packet id, where `qos` is 1 or 2.
    package static func publish(_ topic: String, _ payload: ByteBuffer, qos: UInt8 = 0, id: UInt16 = 1) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeMQTTString(topic)
        if qos > 0 { body.writeInteger(id) }
        body.writeImmutableBuffer(payload)
        return packet(0x30 | qos << 1, body)
    }

    /// A packet that is nothing but an identifier, such as PUBACK (§3.4).
    package static func acknowledgement(_ first: UInt8, _ id: UInt16) -> ByteBuffer {
        packet(first, ByteBuffer(integer: id))
    }

    /// Any packet, with a right remaining length (§2.2.3).
    package static func packet(_ first: UInt8, _ body: ByteBuffer) -> ByteBuffer {
        var packet = ByteBuffer()
        packet.writeInteger(first)
        var length = body.readableBytes
        repeat {
            packet.writeInteger(UInt8(length & 0x7f) | (length > 0x7f ? 0x80 : 0))
            length >>= 7
        } while length > 0
        packet.writeImmutableBuffer(body)
        return packet
    }
}

extension ByteBuffer {
    /// A text with its length before it (MQTT 3.1.1 §1.5.3).
    fileprivate mutating func writeMQTTString(_ text: String) {
        writeInteger(UInt16(clamping: text.utf8.count))
        writeString(text)
    }
}

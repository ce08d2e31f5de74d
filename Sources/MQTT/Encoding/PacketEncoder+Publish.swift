package import NIOCore

extension PacketEncoder {
    /// Writes PUBLISH (MQTT 3.1.1 §3.3), having made room for exactly its bytes.
    /// - Throws: `packetTooLarge`, having written nothing, if it would not fit into the format.
    package static func writePublish(
        topic: TopicName, payload: ByteBuffer, delivery: Publish.Delivery = .atMostOnce, retain: Bool = false,
        duplicate: Bool = false, into buffer: inout ByteBuffer
    ) throws(MQTTError) {
        let remaining = try publishRemainingLength(topic: topic, payload: payload, qos: delivery.qos)
        buffer.reserveCapacity(minimumWritableBytes: 1 + remainingLengthSize(remaining) + remaining)
        let flags = (duplicate ? 0b1000 : 0) | delivery.qos.rawValue << 1 | (retain ? 1 : 0)
        buffer.writeInteger(PacketType.publish.firstByte(flags: flags))
        writeRemainingLength(remaining, into: &buffer)
        buffer.writeInteger(UInt16(truncatingIfNeeded: topic.bytes.readableBytes))
        buffer.writeImmutableBuffer(topic.bytes)
        if let id = delivery.packetID { buffer.writeInteger(id.rawValue) }
        buffer.writeImmutableBuffer(payload)
    }

    /// A PUBLISH at QoS 0 in a buffer of its own: made once, it can be written to any number of members of a group,
    /// since nothing in it belongs to one of them.
    /// - Throws: `packetTooLarge`.
    package static func publish(
        topic: TopicName, payload: ByteBuffer, allocator: ByteBufferAllocator = ByteBufferAllocator()
    ) throws(MQTTError) -> ByteBuffer {
        let remaining = try publishRemainingLength(topic: topic, payload: payload, qos: .atMostOnce)
        var buffer = allocator.buffer(capacity: 1 + remainingLengthSize(remaining) + remaining)
        try writePublish(topic: topic, payload: payload, into: &buffer)
        return buffer
    }

    /// - Throws: `packetTooLarge` where the four bytes of the format cannot say the length.
    static func publishRemainingLength(
        topic: TopicName, payload: ByteBuffer, qos: QoS
    ) throws(MQTTError) -> Int {
        // A buffer holds less than 4 GiB and a topic less than 64 KiB: no sum here overflows.
        let remaining = 2 + topic.bytes.readableBytes + (qos == .atMostOnce ? 0 : 2) + payload.readableBytes
        guard remaining <= maximumRemainingLength else { throw MQTTError(.packetTooLarge) }
        return remaining
    }
}

package import NIOCore

extension PacketEncoder {
    /// Writes PUBLISH (MQTT 3.1.1 §3.3), having made room for exactly its bytes.
    /// - Throws: `packetTooLarge`, having written nothing, if it would not fit into the format.
    package static func writePublish(
        topic: TopicName, payload: ByteBuffer, delivery: Publish.Delivery = .atMostOnce, retain: Bool = false,
        duplicate: Bool = false, into buffer: inout ByteBuffer
    ) throws(MQTTError) {
        let flags = (duplicate ? 0b1000 : 0) | delivery.qos.rawValue << 1 | (retain ? 1 : 0)
        try writePublishHead(
            topic: topic, id: delivery.packetID, flags: flags, payloadSize: payload.readableBytes, into: &buffer)
        buffer.writeImmutableBuffer(payload)
    }

    /// Writes a PUBLISH at QoS 0 whose payload is written where it leaves from.
    /// - Parameter payload: writes `payloadSize` bytes.
    /// - Throws: `packetTooLarge`, having written nothing.
    package static func writePublish(
        topic: TopicName, payloadSize: Int, into buffer: inout ByteBuffer, payload: (inout ByteBuffer) -> Void
    ) throws(MQTTError) {
        try writePublishHead(topic: topic, id: nil, flags: 0, payloadSize: payloadSize, into: &buffer)
        let end = buffer.writerIndex + payloadSize
        payload(&buffer)
        assert(buffer.writerIndex == end)
    }

    /// Writes what stands before the payload, having made room for that as well.
    private static func writePublishHead(
        topic: TopicName, id: PacketID?, flags: UInt8, payloadSize: Int, into buffer: inout ByteBuffer
    ) throws(MQTTError) {
        let remaining = try publishRemainingLength(topic: topic, hasID: id != nil, payloadSize: payloadSize)
        let size = 1 + RemainingLength(remaining).size + remaining
        // One access to the buffer and not one per field: each costs as much as copying a kilobyte. `space` has at least
        // `size` bytes, and what is written below is less than what `size` adds up.
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { space in
            space.storeBytes(of: PacketType.publish.firstByte(flags: flags), as: UInt8.self)
            var end = 1
            for byte in RemainingLength(remaining) {
                space.storeBytes(of: byte, toByteOffset: end, as: UInt8.self)
                end += 1
            }
            let topicLength = UInt16(truncatingIfNeeded: topic.bytes.readableBytes)
            space.storeBytes(of: topicLength.bigEndian, toByteOffset: end, as: UInt16.self)
            end += 2
            topic.bytes.withUnsafeReadableBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: space[end...]).copyMemory(from: bytes)
            }
            end += topic.bytes.readableBytes
            if let id {
                space.storeBytes(of: id.rawValue.bigEndian, toByteOffset: end, as: UInt16.self)
                end += 2
            }
            return end
        }
    }

    /// A PUBLISH at QoS 0 in a buffer of its own: made once, it can be written to any number of members of a group,
    /// since nothing in it belongs to one of them.
    /// - Throws: `packetTooLarge`.
    package static func publish(
        topic: TopicName, payload: ByteBuffer, allocator: ByteBufferAllocator = ByteBufferAllocator()
    ) throws(MQTTError) -> ByteBuffer {
        let remaining = try publishRemainingLength(topic: topic, hasID: false, payloadSize: payload.readableBytes)
        var buffer = allocator.buffer(capacity: 1 + RemainingLength(remaining).size + remaining)
        try writePublish(topic: topic, payload: payload, into: &buffer)
        return buffer
    }

    /// - Throws: `packetTooLarge` where the four bytes of the format cannot say the length.
    static func publishRemainingLength(topic: TopicName, hasID: Bool, payloadSize: Int) throws(MQTTError) -> Int {
        // A buffer holds less than 4 GiB and a topic less than 64 KiB: no sum here overflows.
        let remaining = 2 + topic.bytes.readableBytes + (hasID ? 2 : 0) + payloadSize
        guard remaining <= maximumRemainingLength else { throw MQTTError(.packetTooLarge) }
        return remaining
    }
}

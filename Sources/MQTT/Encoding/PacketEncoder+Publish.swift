package import NIOCore

extension PacketEncoder {
    /// Writes PUBLISH (MQTT 3.1.1 §3.3), having made room for exactly its bytes.
    /// - Throws: `packetTooLarge`, having written nothing, if it would not fit into the format.
    package static func writePublish(
        topic: TopicName, payload: ByteBuffer, delivery: Publish.Delivery = .atMostOnce, retain: Bool = false,
        duplicate: Bool = false, into buffer: inout ByteBuffer
    ) throws(MQTTError) {
        let remaining = try publishRemainingLength(topic: topic, payload: payload, qos: delivery.qos)
        let size = 1 + RemainingLength(remaining).size + remaining
        let flags = (duplicate ? 0b1000 : 0) | delivery.qos.rawValue << 1 | (retain ? 1 : 0)
        // One access to the buffer and not one per field: each costs as much as copying a kilobyte. `space` has at least
        // `size` bytes, and what is written below is what `size` adds up.
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
            copy(topic.bytes, to: space, at: &end)
            if let id = delivery.packetID {
                space.storeBytes(of: id.rawValue.bigEndian, toByteOffset: end, as: UInt16.self)
                end += 2
            }
            copy(payload, to: space, at: &end)
            return end
        }
    }

    private static func copy(_ source: ByteBuffer, to space: UnsafeMutableRawBufferPointer, at end: inout Int) {
        source.withUnsafeReadableBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: space[end...]).copyMemory(from: bytes)
        }
        end += source.readableBytes
    }

    /// A PUBLISH at QoS 0 in a buffer of its own: made once, it can be written to any number of members of a group,
    /// since nothing in it belongs to one of them.
    /// - Throws: `packetTooLarge`.
    package static func publish(
        topic: TopicName, payload: ByteBuffer, allocator: ByteBufferAllocator = ByteBufferAllocator()
    ) throws(MQTTError) -> ByteBuffer {
        let remaining = try publishRemainingLength(topic: topic, payload: payload, qos: .atMostOnce)
        var buffer = allocator.buffer(capacity: 1 + RemainingLength(remaining).size + remaining)
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

import MqantMQTT
import NIOCore
import Testing

@Suite struct EncoderTests {
    private func bytes(_ write: (inout ByteBuffer) throws -> Void) rethrows -> [UInt8] {
        var buffer = ByteBuffer()
        try write(&buffer)
        return Array(buffer.readableBytesView)
    }

    @Test func fixedPackets() throws {
        let id = try #require(PacketID(rawValue: 0x0102))
        #expect(bytes { PacketEncoder.writeConnack(.accepted, into: &$0) } == [0x20, 2, 0, 0])
        #expect(bytes { PacketEncoder.writeConnack(.notAuthorized, into: &$0) } == [0x20, 2, 0, 5])
        #expect(bytes { PacketEncoder.writePuback(id, into: &$0) } == [0x40, 2, 1, 2])
        #expect(bytes { PacketEncoder.writePubrec(id, into: &$0) } == [0x50, 2, 1, 2])
        #expect(bytes { PacketEncoder.writePubrel(id, into: &$0) } == [0x62, 2, 1, 2])
        #expect(bytes { PacketEncoder.writePubcomp(id, into: &$0) } == [0x70, 2, 1, 2])
        #expect(bytes { PacketEncoder.writeUnsuback(id, into: &$0) } == [0xB0, 2, 1, 2])
        #expect(bytes { PacketEncoder.writePingresp(into: &$0) } == [0xD0, 0])
        #expect(
            bytes { PacketEncoder.writeSuback(id, codes: [.grantedQoS2, .failure, .grantedQoS0], into: &$0) }
                == [0x90, 5, 1, 2, 2, 0x80, 0])
    }

    @Test func longSuback() throws {
        let codes = Array(repeating: SubscribeReturnCode.grantedQoS1, count: 20_000)
        let written = bytes { PacketEncoder.writeSuback(.first, codes: codes, into: &$0) }
        #expect(try ServerPacket.all(in: written) == [.suback(1, Array(repeating: 1, count: 20_000))])
    }

    @Test func publishFlags() throws {
        let topic = try TopicName("t")
        let payload = ByteBuffer(bytes: [9])
        let id = try #require(PacketID(rawValue: 7))
        func written(_ delivery: Publish.Delivery, _ retain: Bool, _ duplicate: Bool) throws -> [UInt8] {
            try bytes {
                try PacketEncoder.writePublish(
                    topic: topic, payload: payload, delivery: delivery, retain: retain, duplicate: duplicate, into: &$0)
            }
        }
        #expect(try written(.atMostOnce, false, false) == [0x30, 4, 0, 1, 0x74, 9])
        #expect(try written(.atMostOnce, true, false) == [0x31, 4, 0, 1, 0x74, 9])
        #expect(try written(.atLeastOnce(id), false, true) == [0x3A, 6, 0, 1, 0x74, 0, 7, 9])
        #expect(try written(.exactlyOnce(id), true, true) == [0x3D, 6, 0, 1, 0x74, 0, 7, 9])
    }

    /// At both sides of every step of the remaining length (§2.2.3, table 2.4); the topic takes three bytes of it.
    @Test(arguments: [3, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
    func remainingLengths(_ length: Int) throws {
        let payload = ByteBuffer(repeating: 0x5A, count: length - 3)
        var buffer = try PacketEncoder.publish(topic: TopicName("t"), payload: payload)
        let head = [0x30] + Wire.remainingLength(length) + [0, 1, 0x74]
        #expect(Array(buffer.readableBytesView.prefix(head.count)) == head)
        #expect(buffer.readableBytes == head.count + payload.readableBytes)
        var decoder = PacketDecoder(maximumPacketSize: .max)
        let packet = try decoder.next(from: &buffer)
        #expect(packet == .publish(Publish(topic: try TopicName("t"), payload: payload)))
    }

    /// One byte more than four bytes can say is refused, and nothing is written; one less is not.
    @Test func largestPacket() throws {
        let limit = PacketEncoder.maximumRemainingLength
        let topic = try TopicName("t")
        var payload = ByteBuffer(repeating: 0, count: limit - 3)
        var buffer = try PacketEncoder.publish(topic: topic, payload: payload)
        #expect(Array(buffer.readableBytesView.prefix(5)) == [0x30, 0xFF, 0xFF, 0xFF, 0x7F])
        #expect(buffer.readableBytes == 5 + limit)
        buffer = ByteBuffer()
        payload.writeBytes([0])
        expect(.packetTooLarge) { () throws(MQTTError) in
            try PacketEncoder.writePublish(topic: topic, payload: payload, into: &buffer)
        }
        #expect(buffer.readableBytes == 0)
        let id = Publish.Delivery.atLeastOnce(.first)
        payload.moveReaderIndex(forwardBy: 1)
        expect(.packetTooLarge, "two bytes more for the identifier") { () throws(MQTTError) in
            try PacketEncoder.writePublish(topic: topic, payload: payload, delivery: id, into: &buffer)
        }
    }

    @Test func appendsBehindWhatIsThere() throws {
        var buffer = ByteBuffer(bytes: [1, 2])
        PacketEncoder.writePingresp(into: &buffer)
        try PacketEncoder.writePublish(topic: TopicName("t"), payload: ByteBuffer(), into: &buffer)
        #expect(Array(buffer.readableBytesView) == [1, 2, 0xD0, 0, 0x30, 3, 0, 1, 0x74])
    }
}

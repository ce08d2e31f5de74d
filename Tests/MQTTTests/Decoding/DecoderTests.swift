import MqantMQTT
import NIOCore
import Testing

@Suite struct DecoderTests {
    /// The one packet in `bytes`, decoded after a CONNECT of `level`.
    private func decode(_ bytes: [UInt8], _ level: ProtocolLevel = .v3_1_1) throws -> Packet? {
        var decoder = PacketDecoder(maximumPacketSize: 1 << 20)
        var input = ByteBuffer(bytes: Wire.connect(level))
        _ = try decoder.next(from: &input)
        input.writeBytes(bytes)
        let packet = try decoder.next(from: &input)
        #expect(input.readableBytes == 0)
        return packet
    }

    private func id(_ value: UInt16) throws -> PacketID { try #require(PacketID(rawValue: value)) }

    @Test(arguments: ProtocolLevel.allCases)
    func plainConnect(_ level: ProtocolLevel) throws {
        let bytes = Wire.connect(level, keepAlive: 0x1234, Wire.string("me"))
        #expect(try decode(bytes) == .connect(Connect(level: level, clientID: "me", keepAlive: 0x1234)))
    }

    @Test(arguments: ProtocolLevel.allCases)
    func fullConnect(_ level: ProtocolLevel) throws {
        let payload =
            Wire.string("id") + Wire.string("will/topic") + Wire.string([0, 255]) + Wire.string("üser")
            + Wire.string([0xFF, 0])
        let expected = Connect(
            level: level, clientID: "id", cleanSession: false, keepAlive: 0,
            will: Will(
                topic: try TopicName("will/topic"), payload: ByteBuffer(bytes: [0, 255]), qos: .exactlyOnce,
                retain: true),
            userName: "üser", password: ByteBuffer(bytes: [0xFF, 0]))
        #expect(try decode(Wire.connect(level, flags: 0b1111_0100, payload)) == .connect(expected))
    }

    @Test func userNameWithoutPassword() throws {
        let bytes = Wire.connect(flags: 0b1000_0010, Wire.string("c") + Wire.string(""))
        #expect(try decode(bytes) == .connect(Connect(clientID: "c", userName: "")))
    }

    /// 3.1: "Remaining Length takes precedence over the User Name flag".
    @Test func userNameMissingAtItsPlaceIn3_1() throws {
        let bytes = Wire.connect(.v3_1, flags: 0b1100_0010, Wire.string("c"))
        #expect(try decode(bytes) == .connect(Connect(level: .v3_1, clientID: "c")))
    }

    @Test func longClientIDs() throws {
        let name = String(repeating: "n", count: 65_535)
        for level in ProtocolLevel.allCases {
            let packet = try decode(Wire.connect(level, Wire.string(name)))
            #expect(packet == .connect(Connect(level: level, clientID: name)))
        }
    }

    @Test(arguments: [("MQTT", 3), ("MQTT", 5), ("MQTT", 0x84), ("MQIsdp", 4), ("MQIsdp", 0)])
    func unsupportedLevels(_ name: String, _ level: Int) throws {
        let rest: [UInt8] = [UInt8(level), 2, 0, 0, 9, 9, 9]
        #expect(try decode(Wire.packet(0x10, Wire.string(name) + rest)) == .unsupportedConnect(level: UInt8(level)))
    }

    @Test func publishes() throws {
        let topic = try TopicName("a/b")
        let payload = ByteBuffer(bytes: [1, 0, 255])
        #expect(
            try decode(Wire.publish("a/b", [1, 0, 255])) == .publish(Publish(topic: topic, payload: payload)))
        #expect(
            try decode(Wire.publish("a/b", [1, 0, 255], qos: 1, id: 0xFFFF))
                == .publish(Publish(topic: topic, payload: payload, delivery: .atLeastOnce(id(0xFFFF)))))
        let flagged = Wire.packet(0x3D, Wire.string("a/b") + [0, 7])
        #expect(
            try decode(flagged)
                == .publish(
                    Publish(
                        topic: topic, payload: ByteBuffer(), delivery: .exactlyOnce(id(7)), retain: true,
                        duplicate: true)))
    }

    @Test func acknowledgements() throws {
        #expect(try decode(Wire.puback(1)) == .puback(id(1)))
        #expect(try decode(Wire.pubrec(256)) == .pubrec(id(256)))
        #expect(try decode(Wire.pubrel(65_535)) == .pubrel(id(65_535)))
        #expect(try decode(Wire.pubcomp(2)) == .pubcomp(id(2)))
        #expect(try decode(Wire.pingreq) == .pingreq)
        #expect(try decode(Wire.disconnect) == .disconnect)
    }

    @Test func subscriptions() throws {
        let requests = [("a/+", UInt8(0)), ("#", 1), ("a#", 2)]
        #expect(
            try decode(Wire.subscribe(3, requests))
                == .subscribe(
                    Subscribe(
                        packetID: id(3),
                        requests: [
                            .init(filter: try TopicFilter("a/+"), qos: .atMostOnce),
                            .init(filter: try TopicFilter("#"), qos: .atLeastOnce),
                            .init(filter: nil, qos: .exactlyOnce),
                        ])))
        #expect(
            try decode(Wire.unsubscribe(4, ["x", "#/x"]))
                == .unsubscribe(Unsubscribe(packetID: id(4), filters: [try TopicFilter("x"), nil])))
    }

    /// What 3.1 calls "not used" or lets a client set when it sends again, and 3.1.1 forbids.
    @Test(arguments: [
        Wire.packet(0x4F, [0, 1]), Wire.packet(0x5A, [0, 1]), Wire.packet(0x71, [0, 1]), [0xCF, 0], [0xE8, 0],
        Wire.packet(0x6A, [0, 1]), Wire.packet(0x8A, [0, 1, 0, 1, 0x61, 0]), Wire.packet(0xAA, [0, 1, 0, 1, 0x61]),
        Wire.packet(0x82, [0, 1, 0, 1, 0x61, 0xFC]), Wire.packet(0x38, [0, 1, 0x61]),
        Wire.connect(.v3_1, flags: 0b0011_1011),
    ])
    func unusedBitsIn3_1(_ bytes: [UInt8]) throws {
        #expect(try decode(bytes, .v3_1) != nil)
        guard bytes[0] != 0x10 else { return }
        #expect(throws: MQTTError.self) { try decode(bytes, .v3_1_1) }
    }

    @Test func longestTopic() throws {
        let topic = String(repeating: "t", count: 65_535)
        #expect(
            try decode(Wire.publish(topic, [1]))
                == .publish(Publish(topic: TopicName(topic), payload: ByteBuffer(bytes: [1]))))
    }

    @Test func needlesslyLongRemainingLength() throws {
        #expect(try decode([0xC0, 0x80, 0x80, 0x00]) == .pingreq)
    }

    @Test func severalPacketsInOneBuffer() throws {
        var decoder = PacketDecoder(maximumPacketSize: 100)
        var input = ByteBuffer(bytes: Wire.connect() + Wire.pingreq + Wire.puback(9) + [0x30])
        var count = 0
        while try decoder.next(from: &input) != nil { count += 1 }
        #expect(count == 3)
        #expect(input.readableBytes == 1)
    }

    @Test func valuesAreSmall() {
        #expect(MemoryLayout<PacketDecoder>.size <= 16)
        #expect(MemoryLayout<Packet>.size <= 64)
        #expect(MemoryLayout<MQTTError>.size == 1)
    }
}

import MqantMQTT
import NIOCore
import Testing

/// Every way in which a packet can be wrong, in both levels unless the row says otherwise.
@Suite struct MalformedPacketTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
        let code: MQTTError.Code
        let levels: [ProtocolLevel]

        init(_ name: String, _ bytes: [UInt8], _ code: MQTTError.Code, _ levels: [ProtocolLevel] = [.v3_1, .v3_1_1]) {
            testDescription = name
            self.bytes = bytes
            self.code = code
            self.levels = levels
        }
    }

    static let headers: [Row] = [
        Row("type 0", [0x00, 0], .reservedPacketType),
        Row("type 15", [0xF0, 0], .reservedPacketType),
        Row("CONNACK", [0x20, 2, 0, 0], .serverOnlyPacket),
        Row("SUBACK", [0x90, 3, 0, 1, 0], .serverOnlyPacket),
        Row("UNSUBACK", [0xB0, 2, 0, 1], .serverOnlyPacket),
        Row("PINGRESP", [0xD0, 0], .serverOnlyPacket),
        Row("five bytes of length", [0x30, 0x80, 0x80, 0x80, 0x80, 0x01], .remainingLengthTooLong),
        Row("four bytes of length that go on", [0x30, 0xFF, 0xFF, 0xFF, 0xFF], .remainingLengthTooLong),
        Row("largest length of all", [0x30, 0xFF, 0xFF, 0xFF, 0x7F], .packetTooLarge),
        Row("PUBACK of 3", [0x40, 3], .wrongLength),
        Row("PUBREC of 0", [0x50, 0], .wrongLength),
        Row("PUBREL of 4", [0x62, 4], .wrongLength),
        Row("PUBCOMP of 1", [0x70, 1], .wrongLength),
        Row("PINGREQ of 1", [0xC0, 1], .wrongLength),
        Row("DISCONNECT of 2", [0xE0, 2], .wrongLength),
        Row("PUBLISH at QoS 3", [0x36], .invalidQoS),
        Row("PUBLISH at QoS 3 with DUP and RETAIN", [0x3F], .invalidQoS),
        Row("DUP at QoS 0", [0x38], .duplicateAtQoS0, [.v3_1_1]),
        Row("an HTTP request", Array("GET / HTTP/1.1\r\n\r\n".utf8), .invalidFlags, [.v3_1_1]),
        Row("a TLS hello", [0x16, 0x03, 0x01, 0x00], .invalidFlags),
    ]

    static let flags: [Row] = [
        (0x10, 0), (0x40, 0), (0x50, 0), (0x62, 2), (0x70, 0), (0x82, 2), (0xA2, 2), (0xC0, 0), (0xE0, 0),
    ].flatMap { (first: UInt8, right: UInt8) in
        (0..<16).filter { $0 != right }.map { wrong in
            Row("\(first >> 4) with flags \(wrong)", [first & 0xF0 | wrong], .invalidFlags, [.v3_1_1])
        }
    }

    static let fields: [Row] = [
        Row("PUBLISH without topic", Wire.packet(0x30, []), .truncated),
        Row("PUBLISH, half a length", Wire.packet(0x30, [0]), .truncated),
        Row("PUBLISH, topic beyond the end", Wire.packet(0x30, [0, 3, 0x61, 0x62]), .truncated),
        Row("PUBLISH without identifier", Wire.packet(0x32, [0, 1, 0x61]), .truncated),
        Row("PUBLISH, half an identifier", Wire.packet(0x34, [0, 1, 0x61, 1]), .truncated),
        Row("PUBLISH, identifier 0", Wire.publish("a", qos: 1), .zeroPacketID),
        Row("PUBLISH, identifier 0, QoS 2", Wire.publish("a", qos: 2), .zeroPacketID),
        Row("PUBLISH, empty topic", Wire.publish(""), .emptyTopic),
        Row("PUBLISH to +", Wire.publish("a/+"), .wildcardInTopic),
        Row("PUBLISH to #", Wire.publish("#"), .wildcardInTopic),
        Row("PUBLISH, NUL", Wire.publish("a\0b"), .nulCharacter),
        Row("PUBLISH, a surrogate", Wire.packet(0x30, Wire.string([0xED, 0xA0, 0x80])), .illFormedUTF8),
        Row("PUBLISH, overlong", Wire.packet(0x30, Wire.string([0xC0, 0xAF])), .illFormedUTF8),
        Row("PUBLISH, cut character", Wire.packet(0x30, Wire.string([0x61, 0xE2, 0x82])), .illFormedUTF8),
        Row("PUBACK 0", Wire.puback(0), .zeroPacketID),
        Row("PUBREC 0", Wire.pubrec(0), .zeroPacketID),
        Row("PUBREL 0", Wire.pubrel(0), .zeroPacketID),
        Row("PUBCOMP 0", Wire.pubcomp(0), .zeroPacketID),
        Row("SUBSCRIBE, nothing", Wire.packet(0x82, []), .truncated),
        Row("SUBSCRIBE 0", Wire.subscribe(0, [("a", 0)]), .zeroPacketID),
        Row("SUBSCRIBE, no filter", Wire.subscribe(1, []), .noFilters),
        Row("SUBSCRIBE, empty filter", Wire.subscribe(1, [("", 0)]), .emptyTopic),
        Row("SUBSCRIBE, no QoS", Wire.packet(0x82, [0, 1, 0, 1, 0x61]), .truncated),
        Row("SUBSCRIBE, QoS 3", Wire.subscribe(1, [("a", 3)]), .invalidQoS),
        Row("SUBSCRIBE, reserved bit", Wire.subscribe(1, [("a", 4)]), .invalidQoS, [.v3_1_1]),
        Row("SUBSCRIBE, NUL", Wire.subscribe(1, [("\0", 0)]), .nulCharacter),
        Row("SUBSCRIBE, a surrogate", Wire.packet(0x82, [0, 1, 0, 3, 0xED, 0xA0, 0x80, 0]), .illFormedUTF8),
        Row("SUBSCRIBE, second filter cut", Wire.packet(0x82, [0, 1, 0, 1, 0x61, 0, 0]), .truncated),
        Row("UNSUBSCRIBE 0", Wire.unsubscribe(0, ["a"]), .zeroPacketID),
        Row("UNSUBSCRIBE, no filter", Wire.unsubscribe(1, []), .noFilters),
        Row("UNSUBSCRIBE, empty filter", Wire.unsubscribe(1, [""]), .emptyTopic),
        Row("UNSUBSCRIBE, filter beyond the end", Wire.packet(0xA2, [0, 1, 0, 2, 0x61]), .truncated),
    ]

    static let connects: [Row] = ProtocolLevel.allCases.flatMap { level in
        func row(_ name: String, _ bytes: [UInt8], _ code: MQTTError.Code) -> Row {
            Row("\(level): \(name)", bytes, code)
        }
        let id = Wire.string("c")
        return [
            row("password without user name", Wire.connect(level, flags: 0x42, id + id), .passwordWithoutUserName),
            row("will QoS 3", Wire.connect(level, flags: 0x1E, id + id + id), .invalidQoS),
            row("no client id", Wire.connect(level, []), .truncated),
            row("client id beyond the end", Wire.connect(level, [0, 2, 0x61]), .truncated),
            row("client id with NUL", Wire.connect(level, Wire.string("\0")), .nulCharacter),
            row("client id ill-formed", Wire.connect(level, Wire.string([0xFF])), .illFormedUTF8),
            row("no will", Wire.connect(level, flags: 0x06, id), .truncated),
            row("no will message", Wire.connect(level, flags: 0x06, id + id), .truncated),
            row("empty will topic", Wire.connect(level, flags: 0x06, id + Wire.string("") + id), .emptyTopic),
            row("wildcard will topic", Wire.connect(level, flags: 0x06, id + Wire.string("#") + id), .wildcardInTopic),
            row("half a user name", Wire.connect(level, flags: 0x82, id + [0, 2, 0x61]), .truncated),
            row("ill-formed user name", Wire.connect(level, flags: 0x82, id + [0, 1, 0xFF]), .illFormedUTF8),
            row("half a password", Wire.connect(level, flags: 0xC2, id + id + [0]), .truncated),
            row("trailing bytes", Wire.connect(level, id + [0]), .trailingBytes),
        ]
    }

    static let moreConnects: [Row] = [
        Row("empty CONNECT", Wire.packet(0x10, []), .truncated),
        Row("unknown protocol", Wire.packet(0x10, Wire.string("MQTX") + [4, 2, 0, 0, 0, 0]), .unknownProtocolName),
        Row(
            "protocol in lower case", Wire.packet(0x10, Wire.string("mqtt") + [4, 2, 0, 0, 0, 0]), .unknownProtocolName),
        Row("empty protocol", Wire.packet(0x10, Wire.string("") + [4]), .unknownProtocolName),
        Row("no level", Wire.packet(0x10, Wire.string("MQTT")), .truncated),
        Row("no flags", Wire.packet(0x10, Wire.string("MQTT") + [4]), .truncated),
        Row("no keep-alive", Wire.packet(0x10, Wire.string("MQTT") + [4, 2, 0]), .truncated),
        Row("reserved flag", Wire.connect(flags: 0x03), .reservedConnectFlag),
        Row("will QoS without will", Wire.connect(flags: 0x0A), .willFlags),
        Row("will retain without will", Wire.connect(flags: 0x22), .willFlags),
        Row("no user name", Wire.connect(flags: 0x82), .truncated),
        Row("no password", Wire.connect(flags: 0xC2, Wire.string("c") + Wire.string("u")), .truncated),
    ]

    @Test(arguments: headers + flags + fields + connects + moreConnects)
    func refused(_ row: Row) throws {
        for level in row.levels {
            var decoder = PacketDecoder(maximumPacketSize: 100_000)
            var input = ByteBuffer(bytes: Wire.connect(level))
            _ = try decoder.next(from: &input)
            input.writeBytes(row.bytes)
            expect(row.code, "\(level)") { () throws(MQTTError) in try decoder.next(from: &input) }
            // And again, whatever comes now.
            var ping = ByteBuffer(bytes: Wire.pingreq)
            expect(row.code, "again") { () throws(MQTTError) in try decoder.next(from: &ping) }
            #expect(ping.readableBytes == 2)
        }
        try Conversation.agreed(on: row.bytes)
    }

    @Test func sizeBound() throws {
        let packet = Wire.publish("t", Array(repeating: 0, count: 95))
        #expect(packet.count == 100)
        var decoder = PacketDecoder(maximumPacketSize: 100)
        var input = ByteBuffer(bytes: packet)
        #expect(try decoder.next(from: &input) != nil)
        decoder = PacketDecoder(maximumPacketSize: 99)
        // Known from the header alone.
        input = ByteBuffer(bytes: packet.prefix(2))
        expect(.packetTooLarge) { () throws(MQTTError) in try decoder.next(from: &input) }
    }

    /// Nothing announced is allocated: the buffer stays as small as what came.
    @Test func announcedSizeIsNotAllocated() throws {
        var decoder = PacketDecoder(maximumPacketSize: .max)
        var input = ByteBuffer(bytes: [0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1, 0x61])
        let capacity = input.capacity
        #expect(try decoder.next(from: &input) == nil)
        #expect(input.capacity == capacity)
        #expect(input.readableBytes == 8)
    }

    @Test(arguments: MQTTError.Code.allCases)
    func everyErrorHasAText(_ code: MQTTError.Code) {
        let message = MQTTError(code).message
        #expect(message.count > 20)
        #expect(MQTTError.Code.allCases.filter { MQTTError($0).message == message } == [code])
    }
}

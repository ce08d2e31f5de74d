import MqantMQTT
import NIOCore
import Testing

@Suite struct ConnectTests {
    @Test(arguments: ProtocolLevel.allCases)
    func acceptedAndAnswered(_ level: ProtocolLevel) throws {
        var client = try Client(nil)
        #expect(!client.session.isConnected)
        let (events, replies) = try client.send(Wire.connect(level, keepAlive: 60, Wire.string("me")), Wire.pingreq)
        #expect(events == [.connected(Connect(level: level, clientID: "me", keepAlive: 60))])
        #expect(replies == [.connack(0), .pingresp])
        #expect(client.session.isConnected)
        #expect(client.session.level == level)
        #expect(client.session.idleLimit == .seconds(90))
    }

    @Test(arguments: [(0, nil), (1, Duration.milliseconds(1500)), (65_535, .milliseconds(98_302_500))])
    func idleLimit(_ keepAlive: Int, _ limit: Duration?) throws {
        var client = try Client(nil)
        _ = try client.send(Wire.connect(keepAlive: keepAlive))
        #expect(client.session.idleLimit == limit)
    }

    /// Also without clean session: nothing is kept, and session present says so.
    @Test func sessionPresentIsNever() throws {
        var client = try Client(nil)
        #expect(try client.send(Wire.connect(flags: 0)).replies == [.connack(0)])
    }

    @Test(
        arguments: [
            (Wire.connect(flags: 0x02, Wire.string("")), nil), (Wire.connect(flags: 0, Wire.string("")), 2),
            (Wire.connect(.v3_1, flags: 2, Wire.string("")), 2), (Wire.connect(.v3_1, flags: 0, Wire.string("")), 2),
            (Wire.packet(0x10, Wire.string("MQTT") + [5, 2, 0, 0, 0, 0, 0]), 1),
            (Wire.packet(0x10, Wire.string("MQTT") + [3, 2, 0, 0, 0, 0]), 1),
            (Wire.packet(0x10, Wire.string("MQIsdp") + [4, 2, 0, 0, 0, 0]), 1),
        ] as [([UInt8], UInt8?)])
    func refusedByTheProtocol(_ connect: [UInt8], _ code: UInt8?) throws {
        var client = try Client(nil)
        let (events, replies) = try client.send(connect)
        #expect(replies == [.connack(code ?? 0)])
        guard let code else { return #expect(client.session.isConnected) }
        #expect(try events == [.refused(#require(ConnectReturnCode(rawValue: code)))])
        #expect(!client.session.isConnected)
        #expect(throws: MQTTError(.closed)) { try client.send(Wire.pingreq) }
    }

    @Test func refusedByTheGate() throws {
        var session = ServerSession()
        var replies = ByteBuffer()
        _ = try session.receive(.connect(Connect(clientID: "x")), replies: &replies)
        try session.refuse(.serverUnavailable, replies: &replies)
        #expect(try ServerPacket.all(in: Array(replies.readableBytesView)) == [.connack(3)])
        expect(.closed) { () throws(MQTTError) in try session.receive(.pingreq, replies: &replies) }
        expect(.noDecisionPending) { () throws(MQTTError) in try session.accept(replies: &replies) }
        expect(.noDecisionPending) { () throws(MQTTError) in try session.refuse(.accepted, replies: &replies) }
        #expect(replies.readableBytes == 4)
    }

    @Test(arguments: [
        Wire.publish("t"), Wire.puback(1), Wire.pubrec(1), Wire.pubrel(1), Wire.pubcomp(1),
        Wire.subscribe(1, [("t", 0)]),
        Wire.unsubscribe(1, ["t"]), Wire.pingreq, Wire.disconnect,
    ])
    func firstPacketIsConnect(_ packet: [UInt8]) throws {
        var client = try Client(nil)
        #expect(throws: MQTTError(.connectExpected)) { try client.send(packet) }
        #expect(throws: MQTTError(.closed)) { try client.send(Wire.connect()) }
    }

    @Test(arguments: [Wire.connect(), Wire.connect(.v3_1), Wire.packet(0x10, Wire.string("MQTT") + [5])])
    func secondConnect(_ packet: [UInt8]) throws {
        var client = try Client()
        #expect(throws: MQTTError(.secondConnect)) { try client.send(packet) }
        #expect(!client.session.isConnected)
        #expect(throws: MQTTError(.closed)) { try client.send(Wire.pingreq) }
    }

    /// The gate must decide before it passes on more: a mistake of its own, which costs the client nothing.
    @Test func decisionPending() throws {
        var session = ServerSession()
        var replies = ByteBuffer()
        _ = try session.receive(.connect(Connect(clientID: "x")), replies: &replies)
        expect(.decisionPending) { () throws(MQTTError) in try session.receive(.pingreq, replies: &replies) }
        #expect(replies.readableBytes == 0)
        try session.accept(replies: &replies)
        #expect(session.isConnected)
    }

    @Test func disconnect() throws {
        var client = try Client()
        #expect(try client.send(Wire.disconnect).events == [.disconnect])
        #expect(throws: MQTTError(.closed)) { try client.send(Wire.publish("t")) }
        #expect(throws: MQTTError(.notConnected)) { try client.push("x", .atMostOnce) }
    }

    @Test func sessionsAreSmall() {
        #expect(MemoryLayout<ServerSession>.size <= 48)
        #expect(MemoryLayout<ServerSession.Event>.size <= 64)
    }
}

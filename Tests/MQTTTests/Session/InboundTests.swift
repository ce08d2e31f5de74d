import MqantMQTT
import NIOCore
import Testing

@Suite struct InboundTests {
    /// The payloads of the messages among `events`, as text.
    private func payloads(_ events: [ServerSession.Event]) -> [String] {
        events.compactMap { if case .publish(let publish) = $0 { String(buffer: publish.payload) } else { nil } }
    }

    private func message(_ text: String, _ id: Int, qos: UInt8 = 2) -> [UInt8] {
        Wire.publish("t", Array(text.utf8), qos: qos, id: id)
    }

    @Test func qos0And1() throws {
        var client = try Client()
        let (events, replies) = try client.send(
            message("a", 0, qos: 0), message("b", 5, qos: 1), message("c", 5, qos: 1))
        // QoS 1 is at least once: the same identifier again is a message again (§4.3.2).
        #expect(payloads(events) == ["a", "b", "c"])
        #expect(replies == [.puback(5), .puback(5)])
    }

    /// §4.3.3: between PUBLISH and PUBREL one identifier is one message, whatever DUP says and comes in between.
    @Test func duplicatesOfQoS2() throws {
        var client = try Client()
        var duplicate = message("a", 1)
        duplicate[0] |= 0x08
        let (events, replies) = try client.send(
            message("a", 1), duplicate, message("b", 2), message("a", 1), Wire.pubrel(1), duplicate, Wire.pubrel(1),
            Wire.pubrel(2), Wire.pubrel(2), Wire.pubrel(99))
        #expect(payloads(events) == ["a", "b", "a"])
        #expect(
            replies == [
                .pubrec(1), .pubrec(1), .pubrec(2), .pubrec(1), .pubcomp(1), .pubrec(1), .pubcomp(1), .pubcomp(2),
                .pubcomp(2), .pubcomp(99),
            ])
    }

    /// Every order of six steps over two identifiers, against a model of two booleans.
    @Test func everyOrder() throws {
        let steps: [(id: Int, release: Bool)] = [(1, false), (2, false), (1, true), (2, true)]
        for code in 0..<4096 {
            let order = (0..<6).map { steps[code >> (2 * $0) & 3] }
            var held: Set<Int> = []
            var expected: [String] = []
            for step in order {
                if step.release {
                    held.remove(step.id)
                } else if held.insert(step.id).inserted {
                    expected.append("\(step.id)")
                }
            }
            var client = try Client()
            let bytes = order.flatMap { $0.release ? Wire.pubrel($0.id) : message("\($0.id)", $0.id) }
            let (events, replies) = try client.send(bytes)
            #expect(payloads(events) == expected, "\(order)")
            #expect(replies == order.map { $0.release ? .pubcomp(UInt16($0.id)) : .pubrec(UInt16($0.id)) })
        }
    }

    /// More identifiers than any list holds, released in another order: each is one message, then free again.
    @Test(arguments: [31, 32, 33, 1000, 65_535])
    func manyHeldAtOnce(_ count: Int) throws {
        var session = try Client().session
        var replies = ByteBuffer()
        let ids = (1...count).compactMap { PacketID(rawValue: UInt16($0)) }
        let topic = try TopicName("t")
        /// How many of all of them, sent again, are new messages.
        func sendAll() throws -> Int {
            try ids.count { id in
                let publish = Publish(topic: topic, payload: ByteBuffer(), delivery: .exactlyOnce(id))
                return try session.receive(.publish(publish), replies: &replies) != .none
            }
        }
        #expect(try sendAll() == count)
        #expect(try sendAll() == 0)
        let odd = ids.filter { $0.rawValue % 2 == 1 }
        for id in odd { #expect(try session.receive(.pubrel(id), replies: &replies) == .none) }
        #expect(try sendAll() == odd.count)
        for id in ids.reversed() { #expect(try session.receive(.pubrel(id), replies: &replies) == .none) }
        #expect(try sendAll() == count)
        #expect(replies.readableBytes == 4 * (5 * count + odd.count))
    }

    @Test func subscribe() throws {
        var client = try Client()
        let (events, replies) = try client.send(
            Wire.subscribe(1, [("a", 0), ("a/+/#", 1), ("b", 2), ("a#", 1), ("#/x", 0)]), Wire.subscribe(2, [("a", 2)]),
            Wire.unsubscribe(3, ["a", "never", "#x"]))
        #expect(events.isEmpty)
        #expect(replies == [.suback(1, [0, 1, 2, 0x80, 0x80]), .suback(2, [2]), .unsuback(3)])
    }

    /// 3.1 has no return code for a filter that is wrong.
    @Test func wrongFilterIn3_1() throws {
        var client = try Client(.v3_1)
        #expect(try client.send(Wire.subscribe(1, [("a/#", 2)])).replies == [.suback(1, [2])])
        #expect(throws: MQTTError(.invalidFilter)) { try client.send(Wire.subscribe(2, [("a", 0), ("a#", 0)])) }
    }

    @Test func acknowledgementsOfNothing() throws {
        var client = try Client()
        let (events, replies) = try client.send(Wire.puback(1), Wire.pubrec(2), Wire.pubcomp(3))
        #expect(events.isEmpty && replies.isEmpty)
        #expect(client.session.isConnected)
    }
}

import MqantMQTT
import NIOCore
import Testing

@Suite struct OutboundTests {
    @Test func qos0IsWrittenAtOnce() throws {
        var client = try Client(limits: .init(inFlightWindow: 1, queuedMessages: 0))
        for text in ["a", "b", ""] { #expect(try client.push(text, .atMostOnce) == [.push(text, 0)]) }
        #expect(client.session.inFlightCount == 0)
    }

    @Test func nothingBeforeConnack() throws {
        var client = try Client(nil)
        for qos in QoS.allCases { #expect(throws: MQTTError(.notConnected)) { try client.push("x", qos) } }
    }

    @Test func qos1() throws {
        var client = try Client()
        #expect(try client.push("a", .atLeastOnce) == [.push("a", 1, id: 1)])
        #expect(try client.push("b", .atLeastOnce) == [.push("b", 1, id: 2)])
        #expect(client.session.inFlightCount == 2)
        // Neither the acknowledgements of another QoS nor of another message count.
        #expect(try client.send(Wire.pubrec(1), Wire.pubcomp(1), Wire.puback(3)).replies.isEmpty)
        #expect(client.session.inFlightCount == 2)
        _ = try client.send(Wire.puback(2), Wire.puback(2), Wire.puback(1))
        #expect(client.session.inFlightCount == 0)
    }

    @Test func qos2() throws {
        var client = try Client()
        #expect(try client.push("a", .exactlyOnce) == [.push("a", 2, id: 1)])
        #expect(try client.send(Wire.puback(1), Wire.pubcomp(1)).replies.isEmpty)
        #expect(try client.send(Wire.pubrec(1)).replies == [.pubrel(1)])
        #expect(try client.send(Wire.pubrec(1), Wire.puback(1)).replies == [.pubrel(1)])
        #expect(client.session.inFlightCount == 1)
        #expect(try client.send(Wire.pubcomp(1), Wire.pubcomp(1), Wire.pubrec(1)).replies.isEmpty)
        #expect(client.session.inFlightCount == 0)
    }

    @Test func windowAndQueueKeepTheOrder() throws {
        var client = try Client(limits: .init(inFlightWindow: 2, queuedMessages: 10))
        var written: [ServerPacket] = []
        for text in ["a", "b", "c", "d", "e"] {
            written += try client.push(text, text == "d" ? .exactlyOnce : .atLeastOnce)
        }
        #expect(written == [.push("a", 1, id: 1), .push("b", 1, id: 2)])
        #expect(client.session.queuedCount == 3)
        #expect(client.session.queuedBytes == 6)
        // QoS 0 does not wait behind them.
        #expect(try client.push("now", .atMostOnce) == [.push("now", 0)])
        #expect(try client.send(Wire.puback(2)).replies == [.push("c", 1, id: 3)])
        #expect(
            try client.send(Wire.puback(3), Wire.puback(1)).replies == [.push("d", 2, id: 4), .push("e", 1, id: 5)])
        #expect(client.session.queuedCount == 0)
        #expect(client.session.queuedBytes == 0)
        #expect(try client.send(Wire.puback(5), Wire.pubrec(4), Wire.pubcomp(4)).replies == [.pubrel(4)])
        #expect(client.session.inFlightCount == 0)
    }

    @Test func queueBoundInMessages() throws {
        var client = try Client(limits: .init(inFlightWindow: 1, queuedMessages: 2))
        for text in ["a", "b", "c"] { _ = try client.push(text, .atLeastOnce) }
        #expect(throws: MQTTError(.queueFull)) { try client.push("d", .atLeastOnce) }
        #expect(client.session.isConnected)
        #expect(client.session.queuedCount == 2)
        #expect(try client.send(Wire.puback(1)).replies == [.push("b", 1, id: 2)])
        #expect(try client.push("e", .atLeastOnce).isEmpty)
        #expect(throws: MQTTError(.queueFull)) { try client.push("f", .exactlyOnce) }
        #expect(try client.push("g", .atMostOnce) == [.push("g", 0)])
    }

    @Test func queueBoundInBytes() throws {
        var client = try Client(limits: .init(inFlightWindow: 1, queuedMessages: 100, queuedBytes: 10))
        _ = try client.push("in the window, so not counted", .atLeastOnce)
        _ = try client.push("1234", .atLeastOnce)
        #expect(throws: MQTTError(.queueFull)) { try client.push("12345", .atLeastOnce) }
        _ = try client.push("1234", .atLeastOnce)
        #expect(client.session.queuedBytes == 10)
        #expect(throws: MQTTError(.queueFull)) { try client.push("", .atLeastOnce) }
    }

    @Test func noQueueAtAll() throws {
        var client = try Client(limits: .init(inFlightWindow: 0, queuedMessages: -1, queuedBytes: -1))
        #expect(try client.push("a", .atLeastOnce).count == 1)
        #expect(throws: MQTTError(.queueFull)) { try client.push("b", .atLeastOnce) }
    }

    /// The identifiers go round past 65535, never hand out 0, and pass over one that is still taken.
    @Test func identifiersGoRound() throws {
        var client = try Client(limits: .init(inFlightWindow: 2))
        #expect(try client.push("held", .exactlyOnce) == [.push("held", 2, id: 1)])
        for id in UInt16(2)...65_535 {
            #expect(try client.push("x", .atLeastOnce) == [.push("x", 1, id: id)])
            _ = try client.send(Wire.puback(Int(id)))
        }
        #expect(try client.push("y", .atLeastOnce) == [.push("y", 1, id: 2)])
    }

    @Test func widestWindow() throws {
        var client = try Client(limits: .init(inFlightWindow: .max, queuedMessages: 1))
        var ids: Set<UInt16> = []
        for _ in 0..<65_534 {
            guard case .publish(_, _, 1, let id, _, _)? = try client.push("", .atLeastOnce).first else {
                Issue.record("not written")
                return
            }
            ids.insert(id)
        }
        #expect(ids.count == 65_534 && !ids.contains(0))
        #expect(try client.push("waits", .atLeastOnce).isEmpty)
        #expect(throws: MQTTError(.queueFull)) { try client.push("", .atLeastOnce) }
        #expect(try client.send(Wire.puback(7)).replies == [.push("waits", 1, id: 65_535)])
    }

    @Test func tooLargeIsSaidBeforeItWaits() throws {
        var client = try Client(limits: .init(inFlightWindow: 1, queuedBytes: .max))
        _ = try client.push("a", .atLeastOnce)
        let payload = ByteBuffer(repeating: 0, count: PacketEncoder.maximumRemainingLength)
        var output = ByteBuffer()
        for qos in QoS.allCases {
            expect(.packetTooLarge) { () throws(MQTTError) in
                try client.session.push(topic: TopicName("t"), payload: payload, qos: qos, into: &output)
            }
        }
        #expect(output.readableBytes == 0 && client.session.queuedCount == 0)
    }
}

import MqantRPC
import NIOCore
import Testing

@testable import MqantRPCRabbitMQ

/// What waits to be written to a broker: bytes bound it, in whatever part of a message they are.
@Suite struct OutboxTests {
    private func cast(of session: SessionState?) -> OutboxEntry {
        var request = RPCRequest(
            function: "Handler_X", payload: .json(ByteBuffer(repeating: 0x20, count: 1024 - 256)))
        request.session = session
        return OutboxEntry(.request(request), to: "q")
    }

    @Test func castsOfOneSessionLeaveRoomForOthers() {
        let outbox = Outbox(maxCount: 1000, maxBytes: 64 * 1024)
        let greedy = SessionState(id: SessionID(), gate: "gate")
        for _ in 0..<4 { #expect(outbox.append(cast(of: greedy)) == .taken) }
        #expect(outbox.append(cast(of: greedy)) == .full)
        #expect(outbox.append(cast(of: SessionState(id: SessionID(), gate: "gate"))) == .taken)
        #expect(outbox.append(cast(of: nil)) == .taken)
        let entries = outbox.take(maxCount: 2, maxBytes: .max).entries
        #expect(outbox.append(cast(of: greedy)) == .taken, "what is written makes room")
        #expect(outbox.putBack(entries).isEmpty)
        #expect(outbox.append(cast(of: greedy)) == .full)
        #expect(outbox.take(maxCount: 100, maxBytes: .max).entries.count == 7)
        for _ in 0..<4 { #expect(outbox.append(cast(of: greedy)) == .taken) }
    }

    private func confirmed(_ name: String, until: NIODeadline = .distantFuture) -> OutboxEntry {
        let request = RPCRequest(function: name, payload: .json(ByteBuffer(string: "[]")))
        return OutboxEntry(.confirmed(request, until: until) { _ in }, to: "q")
    }

    private func names(_ entries: [OutboxEntry]) -> [String] {
        entries.compactMap { if case .confirmed(let request, _, _) = $0.content { request.function } else { nil } }
    }

    @Test func aConfirmedRequestIsForOneConnectionAlone() {
        let outbox = Outbox(maxCount: 1000, maxBytes: 64 * 1024)
        #expect(outbox.append(confirmed("before")) == .disconnected)
        outbox.connectionOpened()
        for name in ["a", "b", "c"] { #expect(outbox.append(confirmed(name)) == .taken) }
        #expect(outbox.append(cast(of: nil)) == .taken)
        let taken = outbox.take(maxCount: 2, maxBytes: .max).entries
        #expect(outbox.putBack(taken).isEmpty)
        #expect(names(outbox.take(maxCount: 2, maxBytes: .max).entries) == ["a", "b"])
        // While those are in a writer's hands.
        #expect(names(outbox.connectionLost()) == ["c"])
        #expect(outbox.append(confirmed("between")) == .disconnected)
        #expect(names(outbox.putBack(taken)) == ["a", "b"])
        outbox.connectionOpened()
        #expect(outbox.append(confirmed("d")) == .taken)
        #expect(names(outbox.putBack(taken)) == ["a", "b"], "the next connection is another")
        let rest = outbox.take(maxCount: 100, maxBytes: .max).entries
        #expect(rest.count == 2 && names(rest) == ["d"], "what is not confirmed waits for it")
    }

    @Test func aConfirmedRequestDoesNotWaitForEver() {
        let outbox = Outbox(maxCount: 1000, maxBytes: 64 * 1024)
        let now = NIODeadline.now()
        outbox.connectionOpened()
        #expect(outbox.append(confirmed("early", until: now)) == .taken)
        #expect(outbox.append(confirmed("late", until: now + .seconds(1))) == .taken)
        #expect(names(outbox.takeExpired(now: now)) == ["early"])
        #expect(names(outbox.take(maxCount: 100, maxBytes: .max).entries) == ["late"])
    }

    private static let size = 60_000

    private func request(payload: Int, header: Int) -> RPCRequest {
        var request = RPCRequest(function: "f", payload: .bytes(ByteBuffer(repeating: 0, count: payload)))
        request.headers["topic"] = String(repeating: "t", count: header)
        return request
    }

    @Test func everyPartOfAMessageCounts() {
        let large = request(payload: Self.size, header: 0)
        let headed = request(payload: 0, header: Self.size)
        let text = String(repeating: "e", count: Self.size)
        let id = CorrelationID(rawValue: 1)
        let contents: [OutboxEntry.Content] = [
            .request(large), .request(headed), .confirmed(large, until: .distantFuture) { _ in },
            .confirmed(headed, until: .distantFuture) { _ in },
            .reply(.success(large.payload), to: id, from: nil),
            .reply(.failure(RPCError(.remote, text)), to: id, from: nil), .gone(large.payload.buffer),
        ]
        for content in contents {
            let outbox = Outbox(maxCount: 1_000_000, maxBytes: 1 << 20)
            outbox.connectionOpened()
            let entry = OutboxEntry(content, to: "q")
            var taken = 0
            while taken < 100, outbox.append(entry) == .taken { taken += 1 }
            // Replies have half as much room again.
            let isReply = if case .reply = content { true } else { false }
            #expect(taken == (isReply ? 26 : 17), "\(entry.weight)")
            _ = outbox.take(maxCount: 1, maxBytes: .max)
            #expect(outbox.append(entry) == .taken && outbox.append(entry) == .full)
        }
    }
}

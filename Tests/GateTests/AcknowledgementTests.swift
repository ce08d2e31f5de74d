import Mqant
import MqantMQTTTestSupport
import NIOCore
import Synchronization
import Testing

/// When the acknowledgement of a request leaves.
@Suite(.timeLimit(.minutes(3))) struct AcknowledgementTests {
    /// Runs a Gate with a function that answers soon but not at once, and one that waits for `release`.
    private func run(
        _ body: @Sendable (TestClient, _ release: AsyncStream<Void>.Continuation) async throws -> Void
    ) async throws {
        let release = AsyncStream<Void>.makeStream()
        try await GateHarness.run { server in
            try server.register("Handler_Soon") { (_: Session, number: Int) in number }
            try server.register("Handler_Slow") { (_: Session, number: Int) in
                for await _ in release.stream { break }
                return number
            }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            try await body(client, release.continuation)
        }
    }

    private static let acknowledgement: UInt8 = 4
    private static let received: UInt8 = 5

    @Test(arguments: [1, 2] as [UInt8]) func itLeavesWithAnAnswerThatComesSoon(qos: UInt8) async throws {
        try await run { client, _ in
            var (together, rounds) = (0, 0)
            // A busy machine may take longer than an acknowledgement waits, but not always.
            while rounds < 500, rounds < 20 || together <= rounds / 2 {
                rounds += 1
                try await client.publish("Test/Handler_Soon/\(rounds)", "\(rounds)", qos: qos, id: UInt16(rounds))
                let acknowledgement = try await client.next()
                #expect(acknowledgement.type == (qos == 1 ? Self.acknowledgement : Self.received))
                let answer = try await client.next()
                #expect(answer.publish?.payload == #"{"Error":"","Result":\#(rounds)}"#)
                if acknowledgement.read == answer.read { together += 1 }
            }
            #expect(together > rounds / 2, "in one read: \(together) of \(rounds)")
        }
    }

    @Test(arguments: [1, 2] as [UInt8]) func itDoesNotWaitForASlowAnswer(qos: UInt8) async throws {
        try await run { client, release in
            for id: UInt16 in 1...3 {
                try await client.publish("Test/Handler_Slow/\(id)", "\(id)", qos: qos, id: id)
                let acknowledgement = try await client.next()
                #expect(acknowledgement.type == (qos == 1 ? Self.acknowledgement : Self.received))
                #expect(acknowledgement.body == ByteBuffer(integer: id))
            }
            release.finish()
            for id in 1...3 {
                #expect(try await client.next().publish?.topic == "Test/Handler_Slow/\(id)")
            }
        }
    }

    /// Whether `round`, while modules have a request of the session, ever takes less than an acknowledgement waits: a busy
    /// machine may hold up many rounds, but not all.
    private func isEverQuick(_ round: @Sendable (TestClient, _ id: UInt16) async throws -> Void) async throws -> Bool {
        let quick = Atomic(false)
        try await run { client, release in
            try await client.publish("Test/Handler_Slow/1", "1", qos: 1, id: 1)
            _ = try await client.next(ofType: Self.acknowledgement)
            for id: UInt16 in 2...500 where !quick.load(ordering: .relaxed) {
                let start = ContinuousClock.now
                try await round(client, id)
                quick.store(ContinuousClock.now - start < .milliseconds(15), ordering: .relaxed)
            }
            release.finish()
        }
        return quick.load(ordering: .relaxed)
    }

    @Test func nothingElseWaitsBehindIt() async throws {
        let isQuick = try await isEverQuick { client, id in
            // A request, and behind it a PINGREQ: their answers come in this order, at once.
            try await client.publish("Test/Handler_Slow/\(id)", "\(id)", qos: 1, id: id)
            try await client.send(ByteBuffer(bytes: [0xc0, 0]))
            #expect(try await client.next().type == Self.acknowledgement)
            #expect(try await client.next().type == 13)
        }
        #expect(isQuick)
    }

    @Test func aCastIsAcknowledgedAtOnce() async throws {
        let isQuick = try await isEverQuick { client, id in
            try await client.publish("Test/Handler_Soon", "1", qos: 1, id: id)
            #expect(try await client.next().body == ByteBuffer(integer: id))
        }
        #expect(isQuick)
    }
}

import Mqant
import MqantMQTTTestSupport
import NIOCore
import Synchronization
import Testing

@testable import MqantGate

/// How a Gate that shuts down parts from its clients.
@Suite(.timeLimit(.minutes(3))) struct FinishingTests {
    /// Runs a Gate with a function that waits for `release`, and counts its calls.
    private func run(
        _ body:
            @Sendable (GateHarness, _ release: AsyncStream<Void>.Continuation, _ calls: @Sendable () -> Int)
            async throws -> Void
    ) async throws {
        let release = AsyncStream<Void>.makeStream()
        let calls = Counter()
        try await GateHarness.run(settings: #""EventLoops": 1"#) { server in
            try server.register("Handler_Slow") { (_: Session, number: Int) in
                calls.add()
                for await _ in release.stream { break }
                return number
            }
        } _: { harness in
            try await body(harness, release.continuation) { calls.value }
        }
    }

    private final class Counter: Sendable {
        private let number = Atomic(0)
        var value: Int { number.load(ordering: .relaxed) }
        func add() { number.add(1, ordering: .relaxed) }
    }

    private func called(_ times: Int, _ calls: () -> Int) async throws {
        // The handler only counts, and tells nobody.
        while calls() < times { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test func whatWasAskedIsAnsweredBeforeTheConnectionEnds() async throws {
        try await run { harness, release, calls in
            let client = try await TestClient.connected(port: harness.port)
            let idle = try await TestClient.connected(port: harness.port)
            // One that a module has, and one behind it.
            for number in 1...2 { try await client.publish("Test/Handler_Slow/\(number)", "\(number)") }
            try await called(1, calls)
            async let finished: Void = harness.gate.finishConnections(within: .seconds(60))
            await idle.closed()
            release.finish()
            for number in 1...2 {
                #expect(
                    try await client.push(on: "Test/Handler_Slow/\(number)") == #"{"Error":"","Result":\#(number)}"#)
            }
            await client.closed()
            await finished
            #expect(try await harness.soonOpen(0))
        }
    }

    @Test func whatIsAskedAfterwardsIsNeitherDoneNorAcknowledged() async throws {
        try await run { harness, release, calls in
            let client = try await TestClient.connected(port: harness.port)
            let idle = try await TestClient.connected(port: harness.port)
            try await client.publish("Test/Handler_Slow/1", "1")
            try await called(1, calls)
            async let finished: Void = harness.gate.finishConnections(within: .seconds(60))
            // Its end tells that the other connection of the Gate's one loop has been told too.
            await idle.closed()
            try await client.publish("Test/Handler_Slow/2", "2", qos: 1, id: 7)
            // A message of its own, so that it is read before the answer goes out.
            try await client.send(ByteBuffer(bytes: [0xc0, 0]))
            release.finish()
            #expect(try await client.next().publish?.topic == "Test/Handler_Slow/1", "no PUBACK")
            await #expect(throws: TestClient.Closed.self) { try await client.next() }
            await finished
            #expect(calls() == 1)
        }
    }

    @Test func whoTakesTooLongIsNotWaitedFor() async throws {
        try await run { harness, release, calls in
            let client = try await TestClient.connected(port: harness.port)
            try await client.publish("Test/Handler_Slow/1", "1")
            try await called(1, calls)
            await harness.gate.finishConnections(within: .milliseconds(50))
            #expect(harness.gate.services.statistics.open == 1)
            release.finish()
            await client.closed()
        }
    }
}

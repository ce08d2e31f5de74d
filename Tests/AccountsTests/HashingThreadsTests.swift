import Dispatch
import Synchronization
import Testing

@testable import MqantAccounts

/// Work that blocks: whose turn it is, and what has no room.
@Suite(.timeLimit(.minutes(1))) struct HashingThreadsTests {
    @Test func lanesHaveTurns() {
        var queue = FairQueue<String>(capacity: 10)
        let work = (0..<6).map { ("eve \($0)", "eve") } + [("ada", "ada"), ("bob", "bob")]
        let refused = work.filter { !queue.append($0.0, lane: $0.1) }.map(\.0)
        #expect(refused == ["eve 5"], "half of the room is others'")
        #expect(queue.count == 7)
        var order: [String] = []
        while let next = queue.popFirst() { order.append(next) }
        #expect(order == ["eve 0", "ada", "bob", "eve 1", "eve 2", "eve 3", "eve 4"])
        #expect(queue.count == 0)
        let hasRoom = queue.append("eve 6", lane: "eve")
        #expect(hasRoom)
    }

    @Test func allRoomHasABound() {
        var queue = FairQueue<Int>(capacity: 10)
        let taken = (0..<20).filter { queue.append($0, lane: "\($0)") }
        #expect(taken == Array(0..<10))
    }

    /// One thread, held until `release`.
    private struct Held {
        let threads: HashingThreads
        private let gate = DispatchSemaphore(value: 0)
        private let holding: Task<Void, any Error>

        init(waiting: Int) async {
            threads = HashingThreads(count: 1, waiting: waiting, patience: .seconds(60))
            let (began, beginning) = AsyncStream<Void>.makeStream()
            holding = Task { [threads, gate] in
                try await threads.run(lane: "holder") {
                    beginning.finish()
                    gate.wait()
                }
            }
            for await _ in began {}
        }

        func release() async throws {
            gate.signal()
            try await holding.value
        }
    }

    private func wait(until isTrue: () -> Bool) async {
        while !isTrue() { await Task.yield() }
    }

    @Test func whoFindsNoRoomIsTold() async throws {
        let held = await Held(waiting: 2)
        let first = Task { try await held.threads.run(lane: "a") { 1 } }
        let second = Task { try await held.threads.run(lane: "b") { 2 } }
        await wait { held.threads.waiting == 2 }
        await #expect(throws: HashingRefusal.noRoom) { try await held.threads.run(lane: "c") { 3 } }
        try await held.release()
        #expect(try await first.value == 1)
        #expect(try await second.value == 2)
        #expect(try await held.threads.run(lane: "c") { 3 } == 3)
    }

    @Test func whatWaitedTooLongIsNotBegun() async throws {
        let begun = Mutex(false)
        let entry = WorkEntry(deadline: .now - .seconds(1)) { begun.withLock { $0 = true } }
        await #expect(throws: HashingRefusal.tooLate) {
            try await withCheckedThrowingContinuation { continuation in
                entry.wait(continuation)
                entry.run()
            }
        }
        #expect(begun.withLock { !$0 })
    }

    @Test func aTaskThatIsCancelledStopsWaiting() async throws {
        let held = await Held(waiting: 2)
        let begun = Mutex(false)
        let task = Task { try await held.threads.run(lane: "a") { begun.withLock { $0 = true } } }
        await wait { held.threads.waiting == 1 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await held.release()
        #expect(try await held.threads.run(lane: "b") { 1 } == 1)
        #expect(begun.withLock { !$0 })
    }

    @Test func errorsComeBack() async throws {
        struct Wrong: Error {}
        let threads = HashingThreads(count: 2, waiting: 2)
        await #expect(throws: Wrong.self) { try await threads.run(lane: "a") { throw Wrong() } }
    }

    @Test func whatWaitsAtTheEndIsRefused() async throws {
        let held = await Held(waiting: 2)
        let late = Task { try await held.threads.run(lane: "a") { 1 } }
        await wait { held.threads.waiting == 1 }
        held.threads.end()
        held.threads.end()
        try await held.release()
        await #expect(throws: HashingRefusal.ended) { try await late.value }
        await #expect(throws: HashingRefusal.ended) { try await held.threads.run(lane: "b") { 1 } }
    }
}

import Dispatch
import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MqantRPC

/// Functions that block their thread have threads of their own.
@Suite(.timeLimit(.minutes(1))) struct BlockingFunctionTests {
    /// A door that blocks the threads that come to it, until it is opened.
    private final class Door: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        private let arrivals = AsyncStream<Void>.makeStream()
        private let counts = Mutex((inside: 0, most: 0))

        var most: Int { counts.withLock { $0.most } }

        func pass() {
            counts.withLock { $0 = ($0.inside + 1, max($0.most, $0.inside + 1)) }
            arrivals.continuation.yield()
            semaphore.wait()
            counts.withLock { $0.inside -= 1 }
            semaphore.signal()
        }

        /// Returns once another thread has come.
        func arrival() async { for await _ in arrivals.stream { return } }

        func open() { semaphore.signal() }
    }

    @Test func theyDelayNoOtherFunction() async throws {
        let door = Door()
        let harness = try ServerHarness(blockingThreads: 3) { server in
            try server.register("block", options: .blocking) {
                // On Swift's pool it would stop this test, too.
                guard !isOnTask() else {
                    Issue.record("on a task")
                    return
                }
                door.pass()
            }
            try server.register("ping") { "pong" }
            try server.register("await") {
                await Task.yield()
                return "awaited"
            }
        }
        let ends = Mutex(0)
        // Many more than threads of any kind.
        for _ in 0..<200 { harness.server.receive(harness.request("block")) { _ in ends.withLock { $0 += 1 } } }
        for _ in 0..<3 { await door.arrival() }
        for _ in 0..<20 {
            #expect(await harness.answer(harness.request("ping")) == .success(.json(ByteBuffer(string: "\"pong\""))))
            #expect(
                await harness.answer(harness.request("await")) == .success(.json(ByteBuffer(string: "\"awaited\""))))
        }
        #expect(ends.withLock { $0 } == 0)
        #expect(harness.server.load == (200, 0, false))
        door.open()
        await harness.server.drain()
        #expect(ends.withLock { $0 } == 200)
        #expect(door.most == 3, "as many at a time as there are threads")
        await harness.node.shutdown()
    }

    @Test func aCallWhoseDeadlinePassesWhileItWaitsForAThreadIsNotRun() async throws {
        let door = Door()
        let ran = Mutex<[Int]>([])
        let harness = try ServerHarness(blockingThreads: 1) { server in
            try server.register("block", options: .blocking) { (number: Int) in
                door.pass()
                ran.withLock { $0.append(number) }
            }
        }
        harness.server.receive(harness.request("block", "[1]")) { _ in }
        await door.arrival()
        var late = harness.request("block", "[2]")
        late.deadline = .now() + .milliseconds(1)
        let replies = Mutex<[RPCReply]>([])
        harness.server.receive(late) { reply in replies.withLock { $0.append(reply) } }
        harness.server.receive(harness.request("block", "[3]")) { _ in }
        while NIODeadline.now() <= late.deadline ?? .now() { await Task.yield() }
        door.open()
        await harness.server.drain()
        #expect(ran.withLock { $0 } == [1, 3])
        #expect(harness.server.statistics.expired == 1)
        #expect(replies.withLock { $0 } == [.failure(.timeout("block"))])
        await harness.node.shutdown()
    }

    /// What waits for a thread counts as running, so the instance's bounds hold.
    @Test func theBoundsOfTheInstanceHold() async throws {
        let door = Door()
        let harness = try ServerHarness(inFlight: 3, waiting: 2, blockingThreads: 1) { server in
            try server.register("block", options: .blocking) { door.pass() }
        }
        let replies = Mutex<[RPCReply]>([])
        for _ in 0..<8 {
            harness.server.receive(harness.request("block")) { reply in replies.withLock { $0.append(reply) } }
        }
        #expect(
            replies.withLock { $0 } == Array(repeating: .failure(RPCError(.overloaded, "T is overloaded")), count: 3))
        #expect(harness.server.load == (3, 2, true))
        door.open()
        await harness.server.drain()
        #expect(replies.withLock { $0.count } == 8)
        await harness.node.shutdown()
    }

    @Test func serialOnesRunOneAtATime() async throws {
        let running = Mutex((now: 0, most: 0))
        let order = Mutex<[Int]>([])
        let harness = try ServerHarness(blockingThreads: 4) { server in
            try server.register("one", options: .serial.blocking.idempotent) { (number: Int) in
                running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                // Long enough for another one to begin, if it could.
                usleep(200)
                order.withLock { $0.append(number) }
                running.withLock { $0.now -= 1 }
            }
        }
        #expect(harness.server.idempotentFunctionNames == ["one"])
        for number in 0..<200 { harness.server.receive(harness.request("one", "[\(number)]")) { _ in } }
        await harness.server.drain()
        #expect(running.withLock { $0.most } == 1)
        let isInOrder = order.withLock { $0 } == Array(0..<200)
        #expect(isInOrder)
        await harness.node.shutdown()
    }

    /// What waits behind one that is given up is told, all of it, whatever its number.
    @Test func theNodesEndEndsWhatWaitsForAThread() async throws {
        let door = Door()
        let harness = try ServerHarness(inFlight: 1000, waiting: 50_000, blockingThreads: 1) { server in
            try server.register("block", options: .blocking) { door.pass() }
        }
        let replies = Mutex<[RPCReply]>([])
        for _ in 0..<40_000 {
            harness.server.receive(harness.request("block")) { reply in replies.withLock { $0.append(reply) } }
        }
        await door.arrival()
        await harness.node.shutdown()
        door.open()
        await harness.server.drain()
        let ended = replies.withLock { $0 }
        #expect(ended.count == 40_000)
        #expect(ended.filter { $0 == .failure(RPCError(.shuttingDown, "this node is shutting down")) }.count == 39_999)
    }

    @Test func threadsAreMadeForTheFirstFunctionOnly() throws {
        let threads = BlockingThreads(count: 2)
        let isRunning = Mutex<Bool?>(nil)
        threads.submit { isActive in isRunning.withLock { $0 = isActive } }
        #expect(isRunning.withLock { $0 } == false, "at once, on this thread")
        threads.end()
        // Neither is an error.
        threads.start()
        threads.end()
        threads.submit { isActive in isRunning.withLock { $0 = isActive } }
        #expect(isRunning.withLock { $0 } == false)
    }
}

import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MqantRPC

/// Functions without an `await` need no task, and keep the order of those that have one.
@Suite(.timeLimit(.minutes(1))) struct SynchronousFunctionTests {
    private let eventLoop = MultiThreadedEventLoopGroup.singleton.next()

    @Test func aNonblockingOneRunsWithoutATaskOnTheDeliveringThread() async throws {
        let eventLoop = eventLoop
        let harness = try ServerHarness { server in
            let options = FunctionOptions.concurrent.nonblocking
            try server.register("typed", options: options) { [isOnTask(), eventLoop.inEventLoop] }
            try server.register("nothing", options: options) { if isOnTask() { throw HandlerError("on a task") } }
            try server.registerRaw("raw", options: options) { _ in .json(ByteBuffer(string: "\(isOnTask())")) }
            try server.register("awaits", options: options) {
                let isTask = isOnTask()
                await Task.yield()
                return [isTask, eventLoop.inEventLoop]
            }
        }
        #expect(await harness.answer("typed", deliveredOn: eventLoop) == "[false,true]")
        #expect(await harness.answer("nothing", deliveredOn: eventLoop) == "null")
        #expect(await harness.answer("raw", deliveredOn: eventLoop) == "false")
        #expect(await harness.answer("awaits", deliveredOn: eventLoop) == "[true,false]")
        await harness.server.drain()
    }

    @Test func anotherOneDoesNotHoldTheDeliveringThread() async throws {
        let eventLoop = eventLoop
        let harness = try ServerHarness { server in
            try server.register("typed") { [isOnTask(), eventLoop.inEventLoop] }
        }
        #expect(await harness.answer("typed", deliveredOn: eventLoop) == "[true,false]")
        await harness.server.drain()
    }

    @Test func oneThatAwaitsSometimesHasATaskOnlyThen() async throws {
        let eventLoop = eventLoop
        let harness = try ServerHarness { server in
            let options = FunctionOptions.concurrent.nonblocking
            try server.register("now", options: options) { Answer.now([isOnTask(), eventLoop.inEventLoop]) }
            try server.register("later", options: options) {
                let before = isOnTask()
                return Answer.later {
                    let places = [before, isOnTask(), eventLoop.inEventLoop]
                    await Task.yield()
                    return places
                }
            }
            try server.register("refuses", options: options) { () -> Answer<Int> in throw HandlerError("no") }
            try server.register("refuses later", options: options) { () -> Answer<Int> in
                .later { throw HandlerError("not now") }
            }
            try server.register("pool") { Answer.now([isOnTask(), eventLoop.inEventLoop]) }
            try server.registerRaw("raw", options: options) { request in .now(request.payload) }
        }
        #expect(await harness.answer("now", deliveredOn: eventLoop) == "[false,true]")
        #expect(await harness.answer("later", deliveredOn: eventLoop) == "[false,true,true]")
        #expect(await harness.answer("pool", deliveredOn: eventLoop) == "[true,false]")
        #expect(await harness.answer("raw", deliveredOn: eventLoop) == "[]")
        for (function, text) in [("refuses", "no"), ("refuses later", "not now")] {
            guard case .failure(let error) = await harness.answer(harness.request(function)) else {
                Issue.record("\(function) answers")
                continue
            }
            #expect(error.code == .remote && error.message == text)
        }
        await harness.server.drain()
        #expect(harness.server.statistics.answered == 6)
        #expect(harness.server.statistics.failed == 2)
    }

    /// All kinds in one lane: each begins elsewhere, and none overtakes another or runs beside it.
    @Test(arguments: [FunctionOptions.Execution.perSession, .serial])
    func allKindsOfFunctionsKeepALanesOrder(_ execution: FunctionOptions.Execution) async throws {
        let order = Mutex<[Int]>([])
        let running = Mutex(0)
        let options = FunctionOptions(execution: execution)
        @Sendable func note(_ number: Int) {
            #expect(running.withLock { $0 } == 0)
            order.withLock { $0.append(number) }
        }
        let harness = try ServerHarness { server in
            try server.register("0", options: options.nonblocking) { (number: Int) in note(number) }
            try server.register("1", options: options) { (number: Int) in note(number) }
            try server.register("2", options: options.blocking) { (number: Int) in note(number) }
            try server.register("3", options: options.nonblocking) { (number: Int) in
                note(number)
                running.withLock { $0 += 1 }
                await Task.yield()
                running.withLock { $0 -= 1 }
            }
            try server.register("4", options: options) { (number: Int) in
                note(number)
                running.withLock { $0 += 1 }
                await Task.yield()
                running.withLock { $0 -= 1 }
            }
            try server.register("5", options: options.nonblocking) { (number: Int) -> Answer<Int> in
                note(number)
                if number.isMultiple(of: 2) { return .now(number) }
                running.withLock { $0 += 1 }
                return .later {
                    await Task.yield()
                    running.withLock { $0 -= 1 }
                    return number
                }
            }
        }
        let session = SessionState(id: SessionID(), gate: "g")
        var random = SystemRandomNumberGenerator()
        for number in 0..<500 {
            let function = String(UInt64.random(in: 0..<6, using: &random))
            harness.server.receive(harness.request(function, session: session, "[\(number)]")) { _ in }
        }
        await harness.server.drain()
        let isInOrder = order.withLock { $0 } == Array(0..<500)
        #expect(isInOrder)
        #expect(harness.server.statistics.answered == 500)
        await harness.node.shutdown()
    }

    /// One that runs without a task and one with, calling each other: the stack is bounded.
    @Test func kindsThatCallEachOtherDoNotExhaustTheStack() async throws {
        let (ends, end) = AsyncStream.makeStream(of: Int.self)
        let harness = Mutex<ServerHarness?>(nil)
        @Sendable func goDown(_ function: String, _ left: Int) {
            guard left > 0, let harness = harness.withLock({ $0 }) else {
                end.yield(left)
                return
            }
            harness.server.receive(harness.request(function, "[\(left - 1)]")) { _ in }
        }
        let made = try ServerHarness { server in
            try server.register("here", options: .concurrent.nonblocking) { (left: Int) in goDown("task", left) }
            try server.register("task", options: .concurrent.nonblocking) { (left: Int) in
                goDown("here", left)
                await Task.yield()
            }
        }
        harness.withLock { $0 = made }
        made.server.receive(made.request("here", "[20000]")) { _ in }
        for await left in ends {
            #expect(left == 0)
            break
        }
        await made.server.drain()
        #expect(made.server.statistics.answered == 20_001)
        harness.withLock { $0 = nil }
    }

    @Test func whatAnExpiredRequestWantedIsNotDone() async throws {
        let harness = try ServerHarness { server in
            try server.register("never", options: .concurrent.nonblocking) { Issue.record("it ran") }
        }
        var late = harness.request("never")
        late.deadline = .now() - .milliseconds(1)
        let reply = await harness.answer(late)
        #expect(reply == .failure(.timeout("never")))
        #expect(harness.server.statistics.expired == 1)
        #expect(harness.server.load == (0, 0, false))
    }
}

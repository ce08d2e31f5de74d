import Logging
import MqantTransportContract
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MqantRPC

/// What one instance does with the calls that reach it.
@Suite("RPCServer", .timeLimit(.minutes(1))) struct RPCServerTests {
    private func server(
        inFlight: Int = 10_000, waiting: Int = 10_000, _ register: (RPCServer) throws -> Void
    ) throws -> RPCServer {
        var configuration = RPCNode.Configuration()
        configuration.server.maxInFlight = inFlight
        configuration.server.maxWaiting = waiting
        let node = RPCNode(
            id: "n", transport: InProcessTransport(node: "n", hub: InProcessHub()), configuration: configuration,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: Logger(label: "test"))
        let server = RPCServer(type: "T", instance: "n:T", node: node, logger: Logger(label: "test"))
        try register(server)
        return server
    }

    private func request(_ function: String, session: SessionState? = nil, _ arguments: String = "[]") -> RPCRequest {
        var request = RPCRequest(function: function, payload: .json(ByteBuffer(string: arguments)))
        request.session = session
        return request
    }

    private func answer(_ server: RPCServer, _ request: RPCRequest) async -> RPCReply {
        await withCheckedContinuation { continuation in server.receive(request) { continuation.resume(returning: $0) } }
    }

    @Test func namesDecideTheDefaultExecution() {
        #expect(FunctionOptions.default(for: "Handler_Say") == .perSession)
        #expect(FunctionOptions.default(for: "getRand") == .concurrent)
        #expect(FunctionOptions.serial.nonblocking.idempotent.execution == .serial)
        #expect(FunctionOptions.serial.nonblocking.isNonblocking)
        #expect(!FunctionOptions.serial.isNonblocking)
    }

    @Test func functionsAreListed() throws {
        let server = try server { server in
            try server.register("b") { 1 }
            try server.register("a", options: .concurrent.idempotent) { 1 }
        }
        #expect(server.functionNames == ["a", "b"])
        #expect(server.idempotentFunctionNames.contains("a"))
        #expect(!server.idempotentFunctionNames.contains("b"))
        #expect(!server.idempotentFunctionNames.contains("c"))
    }

    @Test func aNameIsRegisteredOnce() async throws {
        let server = try server { try $0.register("b") { 1 } }
        let error = #expect(throws: RegistrationError.self) { try server.registerRaw("b") { _ in ArgumentCoding.null } }
        #expect(error?.name == "b")
        #expect(error?.type == "T")
        #expect(error?.description == "function b is registered twice")
        #expect(await answer(server, request("b")) == .success(.json(ByteBuffer(string: "1"))), "the first one stays")
        // Another spelling is another name, as on the wire.
        try server.register("\u{e9}") { 1 }
        try server.register("e\u{301}") { 2 }
        #expect(await answer(server, request("e\u{301}")) == .success(.json(ByteBuffer(string: "2"))))
    }

    @Test(arguments: [
        ("", "a function has an empty name"),
        ("$status", "the name of function $status begins with $: such names are the framework's"),
        ("$\u{301}x", "the name of function $\u{301}x begins with $: such names are the framework's"),
        (
            String(repeating: "ü", count: 128),
            "the name of function \(String(repeating: "ü", count: 32))… has 256 bytes, more than 255"
        ),
    ])
    func aNameThatCannotBeUsedIsRefused(name: String, text: String) throws {
        let server = try server { _ in }
        let error = #expect(throws: RegistrationError.self) { try server.register(name) { 1 } }
        #expect(error?.message == text)
        #expect(error?.name == name)
        #expect(throws: RegistrationError.self) { try server.report(name) { 1 } }
        #expect(server.functionNames.isEmpty)
        #expect(server.status.gauges.isEmpty)
        try server.register(String(repeating: "ü", count: 127) + "x") { 1 }
    }

    @Test func theFrameworksFunctionsAreRegisteredOnceToo() throws {
        let server = try server { try $0.registerFramework("$f", options: .serial) { (_: Int) in } }
        #expect(throws: RegistrationError.self) { try server.registerFramework("$f", options: .serial) { (_: Int) in } }
        #expect(server.functionNames == ["$f"])
    }

    @Test func aNumberIsReportedOnce() throws {
        let server = try server { try $0.report("n") { 1 } }
        let error = #expect(throws: RegistrationError.self) { try server.report("n") { 2 } }
        #expect(error?.description == "number n is registered twice")
        #expect(server.status.gauges == ["n": 1])
    }

    @Test func anUnknownFunctionIsRefusedOnTheCallersThread() throws {
        let server = try server { _ in }
        let reply = Mutex<RPCReply?>(nil)
        server.receive(request("nope")) { answer in reply.withLock { $0 = answer } }
        #expect(reply.withLock(\.self) == .failure(RPCError(.functionNotFound, "Remote function(nope) not found")))
        #expect(server.statistics.failed == 1)
        #expect(server.statistics.answered == 0)
    }

    @Test func concurrentCallsMeetEachOther() async throws {
        let met = Meeting(of: 8)
        let server = try server { try $0.register("meet") { await met.arrive() } }
        await withTaskGroup(of: RPCReply.self) { group in
            for _ in 0..<8 { group.addTask { await answer(server, request("meet")) } }
            for await reply in group { #expect(reply == .success(ArgumentCoding.null)) }
        }
        #expect(server.statistics.answered == 8)
    }

    @Test func callsWithoutASessionAreConcurrentInAPerSessionFunction() async throws {
        let met = Meeting(of: 4)
        let server = try server { try $0.register("Handler_meet") { await met.arrive() } }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { _ = await answer(server, request("Handler_meet")) } }
        }
        #expect(server.statistics.answered == 4)
    }

    @Test(arguments: [FunctionOptions.serial, .serial.nonblocking, .perSession, .perSession.nonblocking])
    func aLaneRunsInOrder(_ options: FunctionOptions) async throws {
        let order = Mutex<[Int]>([])
        let running = Mutex(0)
        let server = try server { server in
            try server.register("note", options: options) { (number: Int) in
                running.withLock { $0 += 1 }
                if number % 3 == 0 { await Task.yield() }
                #expect(running.withLock { $0 } == 1)
                order.withLock { $0.append(number) }
                running.withLock { $0 -= 1 }
            }
        }
        let session = SessionState(id: SessionID(), gate: "g")
        for number in 0..<300 { server.receive(request("note", session: session, "[\(number)]")) { _ in } }
        await server.drain()
        #expect(order.withLock { $0 } == Array(0..<300))
    }

    @Test func nonblockingFunctionsStartOnTheThreadThatDelivers() throws {
        let ran = Mutex(false)
        let server = try server { server in
            try server.register("now", options: .concurrent.nonblocking) { ran.withLock { $0 = true } }
        }
        server.receive(request("now")) { _ in }
        #expect(ran.withLock { $0 }, "it ran before receive returned")
    }

    /// Two nonblocking functions that cast to each other do not nest for ever.
    @Test func nonblockingFunctionsThatCallEachOtherDoNotExhaustTheStack() async throws {
        let (ends, end) = AsyncStream.makeStream(of: Int.self)
        let server = try server { server in
            try server.register("down", options: .concurrent.nonblocking) { [unowned server] (left: Int) in
                guard left > 0 else {
                    end.yield(left)
                    return
                }
                server.receive(request("down", "[\(left - 1)]")) { _ in }
            }
        }
        server.receive(request("down", "[50000]")) { _ in }
        for await left in ends {
            #expect(left == 0)
            break
        }
        await server.drain()
        #expect(server.statistics.answered == 50_001)
    }

    @Test func boundsAreKeptAndTheRestIsRefusedAtOnce() async throws {
        let gate = Meeting(of: 4)
        let running = Mutex((now: 0, most: 0))
        let server = try server(inFlight: 3, waiting: 2) { server in
            try server.register("wait") {
                running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                await gate.arrive()
                running.withLock { $0.now -= 1 }
            }
        }
        let replies = Mutex<[RPCReply]>([])
        for _ in 0..<8 { server.receive(request("wait")) { reply in replies.withLock { $0.append(reply) } } }
        let refused = replies.withLock { $0 }
        #expect(refused == Array(repeating: .failure(RPCError(.overloaded, "T is overloaded")), count: 3))
        #expect(server.load == (3, 2, true))
        await gate.arrive()
        await server.drain()
        #expect(replies.withLock { $0.count } == 8)
        #expect(running.withLock { $0.most } == 3)
        #expect(server.statistics.overloaded == 3)
        #expect(server.load == (0, 0, false))
    }

    @Test func anExpiredRequestIsCountedAndNotHandled() async throws {
        let ran = Mutex(0)
        let server = try server { try $0.register("run") { ran.withLock { $0 += 1 } } }
        var late = request("run")
        late.deadline = .now() - .milliseconds(1)
        server.receive(late) { _ in }
        var early = request("run")
        early.deadline = .now() + .seconds(60)
        server.receive(early) { _ in }
        server.receive(request("run")) { _ in }
        await server.drain()
        #expect(ran.withLock { $0 } == 2)
        #expect(server.statistics.expired == 1)
        #expect(server.statistics.answered == 2)
    }

    @Test func whatAHandlerThrowsIsAnswered() async throws {
        struct Odd: Error, CustomStringConvertible { var description: String { "odd one" } }
        let server = try server { server in
            try server.register("text") { throw HandlerError("Not Logined") }
            try server.register("odd") { throw Odd() }
            try server.register("code") { throw RPCError(.timeout, "nested") }
            try server.register("cancelled") { throw CancellationError() }
            try server.register("ping") { 1 }
        }
        #expect(await answer(server, request("text")) == .failure(RPCError(.remote, "Not Logined")))
        #expect(await answer(server, request("odd")) == .failure(RPCError(.remote, "odd one")))
        #expect(await answer(server, request("code")) == .failure(RPCError(.timeout, "nested", outcome: .answered)))
        if case .failure(let error) = await answer(server, request("cancelled")) {
            #expect(error.code == .remote)
        } else {
            Issue.record("an error was answered as a success")
        }
        #expect(await answer(server, request("ping")) == .success(.json(ByteBuffer(string: "1"))))
        #expect(server.statistics.failed == 4)
        #expect(server.statistics.answered == 5)
    }

    @Test func drainWaitsForAllAndClosesTheDoor() async throws {
        let gate = Meeting(of: 3)
        let done = Mutex(0)
        let server = try server(inFlight: 2) { server in
            try server.register("wait") {
                await gate.arrive()
                done.withLock { $0 += 1 }
            }
        }
        for _ in 0..<5 { server.receive(request("wait")) { _ in } }
        async let first: Void = server.drain()
        async let second: Void = server.drain()
        await gate.arrive()
        _ = await (first, second)
        #expect(done.withLock { $0 } == 5)
        let refusal = await answer(server, request("wait"))
        guard case .failure(let error) = refusal else { return #expect(Bool(false), "a closed server ran a handler") }
        #expect(error.code == .notFound)
        #expect(error.isSafeToResend)
        #expect(done.withLock { $0 } == 5)
        await server.drain()
    }

    @Test func aCancelledDrainReturns() async throws {
        let gate = Meeting(of: 2)
        let server = try server { try $0.register("wait") { await gate.arrive() } }
        server.receive(request("wait")) { _ in }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await server.drain() }
            group.cancelAll()
        }
        #expect(server.load.running == 1)
        await gate.arrive()
        await server.drain()
        #expect(server.load.running == 0)
    }

    /// A call that waited sees the session as the one before it left it.
    @Test func waitingCallsSeeTheSessionAsItWasChanged() async throws {
        let seen = Mutex<[String]>([])
        let gate = Meeting(of: 2)
        let session = SessionState(id: SessionID(), gate: "g")
        let server = try server { server in
            try server.registerRaw("Handler_bind") { [unowned server] request in
                await gate.arrive()
                var changed = try #require(request.session)
                changed.userID = "zoe"
                changed.version += 2
                server.sessionChanged(SessionBox(changed))
                // What is older changes nothing.
                changed.userID = "old"
                changed.version -= 1
                server.sessionChanged(SessionBox(changed))
                return ArgumentCoding.null
            }
            try server.registerRaw("Handler_who") { request in
                seen.withLock { $0.append(request.session?.userID ?? "nobody") }
                return ArgumentCoding.null
            }
        }
        server.receive(request("Handler_bind", session: session)) { _ in }
        server.receive(request("Handler_who", session: session)) { _ in }
        var newer = session
        newer.userID = "newest"
        newer.version = 9
        server.receive(request("Handler_who", session: newer)) { _ in }
        await gate.arrive()
        await server.drain()
        #expect(seen.withLock { $0 } == ["zoe", "newest"])
    }
}

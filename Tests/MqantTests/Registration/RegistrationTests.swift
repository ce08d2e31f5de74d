import Logging
import Mqant
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// What module authors write as a function's body needs no type annotation, and is taken for what it is.
@Suite(.timeLimit(.minutes(1))) struct RegistrationTests {
    private struct Move: Codable, Sendable { var x: Int }

    /// What functions of a module use.
    private final class Store: Sendable {
        let scores = ["Ada": [1, 2]]
        let words: [SessionID: [String]] = [:]

        func score(of player: String, in round: Int) throws -> Int { scores[player]?[round] ?? 0 }
        func touch() {}
        func rest() async {}
        func play(_ session: Session, _ move: Move) async throws -> Int {
            await rest()
            return move.x
        }
    }

    /// Calls functions that `register` registers, from an event loop and in the name of a session, and compares their results.
    private func expect(
        _ calls: [(function: String, arguments: String, result: String)],
        of register: (RPCServer, Store) throws -> Void
    ) async throws {
        let node = RPCNode(
            id: "n", transport: InProcessTransport(node: "n", hub: InProcessHub()),
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: Logger(label: "test"))
        let server = RPCServer(type: "T", instance: "n:T", node: node, logger: Logger(label: "test"))
        try register(server, Store())
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        for call in calls {
            var request = RPCRequest(function: call.function, payload: .json(ByteBuffer(string: call.arguments)))
            request.session = SessionState(id: SessionID(), gate: "g")
            let reply: RPCReply = await withCheckedContinuation { [request] continuation in
                eventLoop.execute { server.receive(request) { continuation.resume(returning: $0) } }
            }
            let result = String(buffer: try reply.get().buffer)
            #expect(result == call.result, "\(call.function) \(call.arguments)")
        }
        await server.drain()
        await node.shutdown()
    }

    /// Nonblocking, a synchronous one runs where the call is delivered, which is no task.
    private static func isSynchronous() -> Bool { withUnsafeCurrentTask { $0 == nil } }

    @Test func bodiesWithoutAnAwaitAreSynchronous() async throws {
        let options = FunctionOptions.concurrent.nonblocking
        try await expect([
            ("none", "[]", "true"),
            ("one", "[7]", "true"),
            ("session", "[]", "true"),
            ("two", #"[{"x":7}]"#, "true"),
            ("typed", "[7]", "true"),
            ("raw", "[]", "true"),
        ]) { server, store in
            try server.register("none", options: options) { Self.isSynchronous() }
            try server.register("one", options: options) { (_: Int) in Self.isSynchronous() }
            try server.register("session", options: options) { (_: Session) in Self.isSynchronous() }
            try server.register("two", options: options) { (session: Session, move: Move) in
                let isSynchronous = Self.isSynchronous()
                guard session.isGuest else { throw HandlerError("no guest") }
                return isSynchronous && move.x == 7
            }
            try server.register(Function<Int, Bool>("T", "typed"), options: options) { number in
                Self.isSynchronous() && number == 7
            }
            try server.registerRaw("raw", options: options) { _ in .json(ByteBuffer(string: "\(Self.isSynchronous())"))
            }
        }
    }

    @Test func bodiesWithAnAwaitAreNot() async throws {
        let options = FunctionOptions.concurrent.nonblocking
        try await expect([
            ("none", "[]", "false"),
            ("two", #"[{"x":7}]"#, "false"),
            ("let", "[]", "false"),
            ("method", #"[{"x":7}]"#, "7"),
        ]) { server, store in
            try server.register("none", options: options) {
                let isSynchronous = Self.isSynchronous()
                await store.rest()
                return isSynchronous
            }
            try server.register("two", options: options) { (_: Session, move: Move) in
                let isSynchronous = Self.isSynchronous()
                if move.x == 0 { await store.rest() }
                return isSynchronous
            }
            try server.register("let", options: options) { (_: Session) in
                async let rest: Void = store.rest()
                let isSynchronous = Self.isSynchronous()
                await rest
                return isSynchronous
            }
            try server.register("method", options: options, store.play)
        }
    }

    @Test func resultsNeedNoAnnotation() async throws {
        try await expect([
            ("session ?? []", "[]", "[]"),
            ("?? []", #"["Ada"]"#, "[1,2]"),
            ("?? []", #"["Bob"]"#, "[]"),
            ("await ?? []", #"["Ada"]"#, "[1,2]"),
            ("lines ?? []", #"["Bob"]"#, "[]"),
            ("blocking ?? []", #"["Ada"]"#, "[1,2]"),
            ("optional", #"["Bob"]"#, "null"),
            ("nothing", "[]", "null"),
            ("nothing at all", "[]", "null"),
            ("?? 0", #"["Ada"]"#, "1"),
            ("choice", "[true]", "[1,2]"),
            ("dictionary", "[]", #"{"a":1}"#),
            ("map", "[]", #"["Ada"]"#),
            ("method", #"["Ada",1]"#, "2"),
        ]) { server, store in
            try server.register("session ?? []") { (session: Session) in store.words[session.id] ?? [] }
            try server.register("?? []") { (player: String) in store.scores[player] ?? [] }
            try server.register("await ?? []") { (_: Session, player: String) in
                await store.rest()
                return store.scores[player] ?? []
            }
            try server.register("lines ?? []") { (_: Session, player: String) in
                let found = store.scores[player]
                return found ?? []
            }
            try server.register("blocking ?? []", options: .blocking) { (player: String) in store.scores[player] ?? [] }
            try server.register("?? 0") { (_: Session, player: String) in store.scores[player]?.first ?? 0 }
            try server.register("optional") { (player: String) in store.scores[player] }
            try server.register("choice") { (isMany: Bool) in isMany ? [1, 2] : [] }
            try server.register("dictionary") { (_: Session) in ["a": 1] }
            try server.register("map") { (_: Session) in store.scores.map(\.key).sorted() }
            try server.register("method", store.score)
            try server.register("nothing") { (_: Session) in store.touch() }
            try server.register("nothing at all") {}
        }
    }

    @Test func functionsOfASessionMayBlock() async throws {
        try await expect([
            ("Handler_Hash", #"["x"]"#, #""true x true""#),
            ("Handler_Nothing", "[]", "null"),
            ("twice", "[21]", "42"),
            ("raw", "[1]", "[1]"),
        ]) { server, _ in
            try server.register("Handler_Hash", options: .blocking) { (session: Session, text: String) in
                "\(session.isGuest) \(text) \(Self.isSynchronous())"
            }
            try server.register("Handler_Nothing", options: .perSession.blocking) { (_: Session) in }
            try server.register(Function<Int, Int>("T", "twice"), options: .serial.blocking.idempotent) { $0 * 2 }
            try server.registerRaw("raw", options: .blocking) { $0.payload }
        }
    }
}

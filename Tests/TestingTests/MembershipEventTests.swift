import MqantTesting
import ServiceLifecycle
import Testing

/// What `context.membership` tells a module.
@Suite("Events of membership", .timeLimit(.minutes(1))) struct MembershipEventTests {
    @Test func aModuleHearsOfInstancesThatComeAndGo() async throws {
        try await Server.test(Watcher.self) { server in
            var events = Watcher.events.stream.makeAsyncIterator()
            let second = try await server.start(Watcher.self, id: "watcher-2")
            var node: NodeID?
            // Of other nodes of the test it hears as well.
            while let event = await events.next() {
                guard event.kind == .served, event.instance == "watcher-2" else { continue }
                #expect(event.type == Watcher.type)
                node = event.node
                break
            }
            await second.kill()
            var kinds: [MembershipEvent.Kind] = []
            while let event = await events.next() {
                if event.node == node { kinds.append(event.kind) }
                if kinds.last == .died { break }
            }
            #expect(kinds == [.withdrawn, .died])

            let third = try await server.start(Watcher.self, id: "watcher-3")
            while let event = await events.next() {
                guard event.kind == .served, event.instance == "watcher-3" else { continue }
                node = event.node
                break
            }
            try await third.stop()
            kinds = []
            while let event = await events.next() {
                if event.node == node { kinds.append(event.kind) }
                if kinds.last == .left { break }
            }
            #expect(kinds == [.withdrawn, .left])
        }
    }

    /// The first of it reads the events of its node.
    private struct Watcher: Module {
        static let type: ModuleType = "Watcher"
        static let events = AsyncStream<MembershipEvent>.makeStream()

        private let context: ModuleContext

        init(settings: UncheckedSettings, context: ModuleContext) { self.context = context }

        func register(on server: RPCServer) throws {}

        func run() async throws {
            guard context.instance == "test:Watcher" else { return try await gracefulShutdown() }
            // Until the shutdown, which comes before the node's end.
            await cancelWhenGracefulShutdown {
                for await event in context.membership { Self.events.continuation.yield(event) }
            }
        }
    }
}

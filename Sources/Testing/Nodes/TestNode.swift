import Logging
import MqantRPC
import MqantServer
import ServiceLifecycle
import Synchronization

/// A server of a test, which runs until the test ends it: a process of the cluster, as far as others can tell.
final class TestNode: Sendable {
    /// What is known of it from within.
    private final class Life: Sendable {
        struct State {
            var node: RPCNode?
            /// True until it is told to end, and while it has not ended by itself.
            var isLive = true
            var isKilled = false
        }

        let state = Mutex(State())
        let burial = Latch()
    }

    let id: NodeID
    let hasGate: Bool
    private let instances: [InstanceID]
    private let network: any TransportNetwork
    private let clock: TestClock?
    private let life = Life()
    private let services: ServiceGroup
    /// Awaited by `end`.
    private let task: Task<Void, any Error>
    private let beginnings: AsyncStream<InstanceID>

    /// Begins to start it.
    ///
    /// - Parameters:
    ///   - entrance: of its Gate, if it has one.
    ///   - introduce: makes it and the others known to each other; it has no instance yet.
    init(
        _ id: NodeID, _ modules: [TestModule], network: any TransportNetwork, clock: TestClock?,
        entrance: TestEntrance?,
        logger: Logger, introduce: @escaping @Sendable (RPCNode) async throws -> Void
    ) async throws {
        self.id = id
        hasGate = modules.contains(where: \.isGate)
        instances = modules.map(\.id)
        self.network = network
        self.clock = clock
        let (stream, beginning) = AsyncStream<InstanceID>.makeStream()
        beginnings = stream
        var environment = NodeEnvironment()
        environment.membership = (id, try await network.makeTransport(for: id))
        environment.clock = NodeClock(clock)
        environment.executor = clock?.executor
        environment.connected = { [life] node in
            clock?.watch([node.eventLoop])
            life.state.withLock { $0.node = node }
            try await introduce(node)
        }
        environment.runs = { beginning.yield($0) }
        environment.mayShutDown = { [life] in
            // A crash calls no `shutdown()`. But what the instance holds is to be freed: once the test is over.
            if life.state.withLock({ $0.isKilled }) { await life.burial.pass() }
        }
        let entries = modules.map(\.entry).joined(separator: ", ")
        let server = try Server(
            name: "test", modules: modules.map(\.module), configuration: .text("{ \"Module\": { \(entries) } }"),
            host: "127.0.0.1", environment: environment, logger: logger)
        let services = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: server, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup)
                ],
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        self.services = services
        task = Task { [life] in
            defer {
                life.state.withLock { $0.isLive = false }
                // Whoever waits for it waits no more.
                beginning.finish()
                entrance?.close()
            }
            guard let entrance else { return try await services.run() }
            try await TestGate.$entrance.withValue(entrance) { try await services.run() }
        }
    }

    /// The node, while it takes part in the cluster.
    var live: RPCNode? { life.state.withLock { $0.isLive ? $0.node : nil } }

    /// Returns once each of its modules runs.
    /// - Throws: why it ended instead.
    func started() async throws {
        var left = instances.count
        for await _ in beginnings {
            left -= 1
            if left == 0 { return }
        }
        try await task.value
        throw TestFailure("\(instances) ended before they ran")
    }

    /// Ends it in good order, or what is left of it if it was killed.
    /// - Throws: why it could not start, or ended before.
    func end() async throws {
        let (node, isKilled) = life.state.withLock { state in
            state.isLive = false
            return (state.node, state.isKilled)
        }
        if let node { clock?.unwatch([node.eventLoop]) }
        guard !isKilled else {
            life.burial.open()
            _ = await task.result
            return
        }
        await services.triggerGracefulShutdown()
        try await task.value
    }

    /// Ends it as a crash would, as far as others can tell: on the return nothing of it leaves this node any more, and
    /// the calls that it had out end. Its modules' `run()`s are cancelled, their `shutdown()`s come with `end`.
    func kill() async {
        let node = life.state.withLock { state in
            state.isLive = false
            state.isKilled = true
            return state.node
        }
        if let node { clock?.unwatch([node.eventLoop]) }
        await network.kill(id)
        await node?.shutdown()
        task.cancel()
    }
}

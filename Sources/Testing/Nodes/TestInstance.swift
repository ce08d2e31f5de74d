public import Mqant
import MqantRPC
import Synchronization

/// An instance that a test has started, on a node of its own. See ``TestServer/start(_:id:settings:)``.
public final class TestInstance: Sendable {
    private struct State {
        var node: TestNode?
        /// Brings it back after the seed killed it; awaited by whoever stops it.
        var repair: Task<Void, any Error>?
    }

    /// Its `Id`.
    public let id: InstanceID
    /// Its module type.
    public let type: ModuleType

    private let module: TestModule
    private let nodes: TestNodes
    private let state = Mutex(State())

    init(_ module: TestModule, _ nodes: TestNodes) {
        id = module.id
        type = module.module.type
        self.module = module
        self.nodes = nodes
    }

    /// Shuts its node down in good order: others call it no more, the calls that it has are finished, `shutdown()` is called.
    /// Returns when that is done, and all others know of it: keys that it owned have moved.
    ///
    /// - Throws: what the module's `run()` threw.
    public func stop() async throws {
        try await takeNode()?.end()
        try await nodes.forgot(id)
    }

    /// Ends its node as a crash ends a process. On the return nothing that it sends leaves it, and all others know that it is
    /// gone: keys that it owned have moved. The calls that it had end as `interrupted`, those of `.idempotent` functions aside,
    /// which go to another instance.
    ///
    /// In truth the process is the test's, and goes on. So the module's `run()` is cancelled; a function that was running goes on
    /// until its next operation by the context or a session, which fails; and `shutdown()`, which a crash does not call, is
    /// called when the test is over.
    public func kill() async {
        await (try? takeNode())?.kill()
        try? await nodes.forgot(id)
    }

    private func takeNode() async throws -> TestNode? {
        try await repaired()
        return state.withLock { state in
            defer { state.node = nil }
            return state.node
        }
    }

    // MARK: Lives

    /// The name of the node that it is on; nil while it is on none.
    var nodeID: NodeID? { state.withLock { $0.node?.id } }

    /// Starts it on a new node.
    /// - Returns: the node's name.
    @discardableResult
    func start() async throws -> NodeID {
        let node = try await nodes.start(nodes.newName(for: id), [module])
        state.withLock { $0.node = node }
        return node.id
    }

    /// Has it come back, after its node was cut off from the others.
    func repair(_ body: @escaping @Sendable () async throws -> Void) {
        state.withLock { state in
            let node = state.node
            state.node = nil
            state.repair = Task {
                await node?.kill()
                try await body()
            }
        }
    }

    /// Returns once it is back, if it is coming back.
    func repaired() async throws {
        try await state.withLock { $0.repair }?.value
    }
}

package import MqantRPC

/// What surrounds a node. A test puts other things in the place of the system's clock and of the broker that `server.conf`
/// names.
package struct NodeEnvironment: Sendable {
    /// The node's name, and its way to others; nil: a new name, and what `server.conf` says.
    package var membership: (id: NodeID, transport: any Transport)?
    /// The time of calls, and of modules' timers.
    package var clock = NodeClock()
    /// Where functions and `run()`s run; nil: on Swift's pool.
    package var executor: (any TaskExecutor)?
    /// Called when the node is connected, and has no instance yet.
    package var connected: @Sendable (RPCNode) async throws -> Void = { _ in }
    /// Called when an instance's `run()` begins.
    package var runs: @Sendable (InstanceID) -> Void = { _ in }
    /// Awaited before an instance's `shutdown()`.
    package var mayShutDown: @Sendable () async -> Void = {}

    package init() {}
}

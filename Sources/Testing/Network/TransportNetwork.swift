package import MqantRPC

/// The nodes of one test can reach each other through it, and nobody else.
package protocol TransportNetwork: Sendable {
    /// Makes the transport of one node; whoever asked starts it and shuts it down.
    func makeTransport(for node: NodeID) async throws -> any Transport

    /// Ends a node as SIGKILL ends a process: nothing leaves it any more, a goodbye neither, and its queues vanish.
    /// On its return what is sent to them comes back. Calls that it had end as `interrupted`, then or soon.
    func kill(_ node: NodeID) async

    /// Frees what the network holds, once its nodes are shut down.
    func tearDown() async
}

package import RPC

/// What a transport brings to be held to the contract: a way to make networks of it.
///
/// Every check runs on a network of its own, so that checks may run beside each other.
package protocol TransportFixture: Sendable {
    /// Names the transport, and the seed if there is one, in every failure.
    var name: String { get }

    /// Makes a network without nodes.
    func makeNetwork() async throws -> any TransportNetwork
}

/// The nodes of one check can reach each other through it, and nobody else.
package protocol TransportNetwork: Sendable {
    /// Makes the transport of one node; the check starts it and shuts it down.
    func makeTransport(for node: NodeID) async throws -> any Transport

    /// Ends a node as SIGKILL ends a process: nothing leaves it any more, a goodbye neither, and its queues vanish.
    /// On its return what is sent to them comes back.
    func kill(_ node: NodeID) async

    /// How the calls end that a killed node held: `interrupted` where the death is found out, `timeout` where it is not.
    /// Nodes of one process do not die, so nothing there looks for it.
    var endOfHeldCalls: RPCError.Code { get }

    /// Frees what the network holds, once its nodes are shut down.
    func tearDown() async
}

extension TransportNetwork {
    package var endOfHeldCalls: RPCError.Code { .timeout }
}

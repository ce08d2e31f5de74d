import RPC
import Synchronization

/// The transport of nodes that share a process.
package struct InProcessFixture: TransportFixture {
    package var name: String { "in process" }

    package init() {}

    package func makeNetwork() async throws -> any TransportNetwork { InProcessNetwork() }
}

/// A hub of its own for each check.
private final class InProcessNetwork: TransportNetwork {
    private let hub = InProcessHub()
    private let transports = Mutex<[NodeID: InProcessTransport]>([:])

    func makeTransport(for node: NodeID) async throws -> any Transport {
        let transport = InProcessTransport(node: node, hub: hub)
        transports.withLock { $0[node] = transport }
        return transport
    }

    func kill(_ node: NodeID) async {
        let transport = transports.withLock { $0[node] }
        await transport?.shutdown()
    }

    func tearDown() async {}
}

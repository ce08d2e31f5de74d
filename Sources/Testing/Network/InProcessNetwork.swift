package import MqantRPC
import Synchronization

/// Nodes of one process, which reach each other at once.
package final class InProcessNetwork: TransportNetwork {
    private let hub = InProcessHub()
    private let transports = Mutex<[NodeID: InProcessTransport]>([:])

    package init() {}

    package func makeTransport(for node: NodeID) async throws -> any Transport {
        let transport = InProcessTransport(node: node, hub: hub)
        transports.withLock { $0[node] = transport }
        return transport
    }

    package func kill(_ node: NodeID) async { transports.withLock { $0[node] }?.kill() }

    package func tearDown() async {}
}

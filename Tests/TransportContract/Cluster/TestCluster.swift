import Logging
import MqantRPC
import MqantTesting
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// The nodes of one check, on one network.
final class TestCluster: Sendable {
    let network: any TransportNetwork
    private struct Member {
        let node: RPCNode
        let transport: any Transport
        var isAlive = true
    }

    private let members = Mutex<[Member]>([])
    private let latches = Mutex<[Latch]>([])
    private let servers = Mutex<[RPCServer]>([])

    init(network: any TransportNetwork) { self.network = network }

    /// Nodes repeat their announcements often in checks, for the network may lose them.
    private static let timing = {
        var timing = MembershipTiming()
        (timing.repeatInterval, timing.repeatShare) = (.milliseconds(50), .zero)
        return timing
    }()

    /// Makes a node and starts it.
    func node(_ id: NodeID, _ configure: (inout RPCNode.Configuration) -> Void = { _ in }) async throws -> RPCNode {
        let transport = try await network.makeTransport(for: id)
        var configuration = RPCNode.Configuration()
        configuration.membership = Self.timing
        configuration.defaultTimeout = .seconds(30)
        configure(&configuration)
        let node = RPCNode(
            id: id, transport: transport, configuration: configuration,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: Self.logger)
        members.withLock { $0.append(Member(node: node, transport: transport)) }
        try await node.start()
        return node
    }

    /// Serves an instance on a node, and waits until every node knows of it.
    @discardableResult
    func serve(
        _ type: ModuleType, _ id: InstanceID, on node: RPCNode, _ register: (RPCServer) throws -> Void = { _ in }
    ) async throws -> RPCServer {
        let server = RPCServer(type: type, instance: id, node: node, logger: Self.logger)
        try register(server)
        try await node.serve(server)
        servers.withLock { $0.append(server) }
        try await everyNodeKnows(id)
        return server
    }

    /// Waits until every node would call an instance.
    func everyNodeKnows(_ id: InstanceID) async throws {
        for node in members.withLock({ $0 }).filter(\.isAlive).map(\.node) {
            try await eventually("\(node.id) never heard of \(id)") { node.view.candidate(id) != nil }
        }
    }

    /// Waits until every node would call all instances that are served.
    func everyNodeKnowsAll() async throws {
        for server in servers.withLock({ $0 }) { try await everyNodeKnows(server.instance) }
    }

    /// Has the queue of an instance vanish while everybody still believes in it.
    func removeQueue(of instance: InstanceID, on node: RPCNode) async {
        guard let queue = node.view.local[instance]?.queue else { return }
        let transport = members.withLock { $0.first { $0.node === node }?.transport }
        await transport?.closeQueue(queue)
    }

    /// What a node sends with, for what only the layers above ask of it.
    func transport(of node: RPCNode) throws -> any Transport {
        try #require(members.withLock { $0.first { $0.node === node }?.transport })
    }

    /// Ends a node as SIGKILL does.
    func kill(_ node: RPCNode) async {
        bury(node)
        await network.kill(node.id)
    }

    /// Shuts a node down.
    func shutDown(_ node: RPCNode) async {
        bury(node)
        await node.shutdown()
    }

    private func bury(_ node: RPCNode) {
        members.withLock { members in
            for index in members.indices where members[index].node === node { members[index].isAlive = false }
        }
    }

    /// A door that opens at the latest when the check ends, so that no handler stays behind it.
    func latch() -> Latch {
        let latch = Latch()
        latches.withLock { $0.append(latch) }
        return latch
    }

    func tearDown() async {
        latches.withLock { $0 }.forEach { $0.open() }
        for server in servers.withLock({ $0 }) { await server.drain() }
        for member in members.withLock({ $0 }) { await member.node.shutdown() }
        await network.tearDown()
    }

    private static let logger = {
        var logger = Logger(label: "contract")
        logger.logLevel = .critical
        return logger
    }()
}

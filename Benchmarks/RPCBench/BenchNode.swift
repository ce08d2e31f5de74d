import Logging
import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import NIOCore
import NIOPosix

/// A node at a broker.
struct BenchNode: Sendable {
    let node: RPCNode
    let transport: RabbitMQTransport
    private let logger: Logger

    /// Starts a node.
    init(_ id: NodeID, at uri: String) async throws {
        var settings = RabbitMQTransport.Configuration(connection: try Connection.Configuration(uris: [uri]))
        settings.exchange = "rpcbench"
        settings.queuePrefix = "rpcbench."
        var logger = Logger(label: "bench")
        logger.logLevel = .warning
        self.logger = logger
        transport = RabbitMQTransport(node: id, configuration: settings, logger: logger)
        var configuration = RPCNode.Configuration()
        configuration.membership = MembershipTiming()
        node = RPCNode(
            id: id, transport: transport, configuration: configuration,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        // Ends with the node's shutdown.
        Task { [node] in await node.run() }
        try await node.start()
    }

    /// Serves an instance, `bench:TYPE`.
    @discardableResult
    func serve(_ type: ModuleType, _ register: (RPCServer) throws -> Void = { _ in }) async throws -> InstanceID {
        let server = RPCServer(type: type, instance: InstanceID("bench:\(type)"), node: node, logger: logger)
        try register(server)
        try await node.serve(server)
        return server.instance
    }
}

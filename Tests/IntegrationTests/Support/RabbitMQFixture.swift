import Logging
import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import MqantTesting
import MqantTransportContract
import Synchronization

/// Nodes that meet at one real broker. Each network has exchanges and queues of its own.
struct RabbitMQFixture: TransportFixture {
    var name: String { "RabbitMQ" }

    func makeNetwork() async throws -> any TransportNetwork {
        RabbitMQNetwork(broker: try await SharedBroker.get())
    }
}

final class RabbitMQNetwork: TransportNetwork {
    let broker: RabbitMQBroker
    let name: String
    private let transports = Mutex<[NodeID: RabbitMQTransport]>([:])
    private static let counter = Atomic<Int>(0)

    init(broker: RabbitMQBroker) {
        self.broker = broker
        name = "test\(Self.counter.add(1, ordering: .relaxed).newValue)"
    }

    func configuration() throws -> RabbitMQTransport.Configuration {
        var configuration = RabbitMQTransport.Configuration(
            connection: try Connection.Configuration(uris: [broker.uri()]))
        configuration.connection.name = name
        configuration.exchange = name
        configuration.queuePrefix = "\(name)."
        configuration.quietTime = .milliseconds(50)
        // With many tests at once the broker's answer may take longer than its second.
        configuration.confirmTimeout = .seconds(60)
        return configuration
    }

    func makeTransport(for node: NodeID) async throws -> any Transport {
        try transport(for: node) { _ in }
    }

    /// Makes a transport that runs, as a process's does.
    func transport(
        for node: NodeID, logger: Logger = RabbitMQNetwork.logger,
        _ adjust: (inout RabbitMQTransport.Configuration) -> Void
    ) throws -> RabbitMQTransport {
        var configuration = try configuration()
        adjust(&configuration)
        let transport = RabbitMQTransport(node: node, configuration: configuration, logger: logger)
        transports.withLock { $0[node] = transport }
        // Ends with the transport's shutdown.
        Task { await transport.run() }
        return transport
    }

    /// The queues of the node are gone when the broker has given up its connection: `lock.…` can be declared anew then,
    /// and what is sent to a queue comes back.
    func kill(_ node: NodeID) async {
        guard let transport = transports.withLock({ $0[node] }) else { return }
        let queues = transport.queueNames
        await transport.abort()
        do {
            let connection = try await Connection.open(
                try configuration().connection, handlers: ConnectionHandlers(deliveries: { _ in }, event: { _ in }))
            for queue in queues { try await waitUntilGone(queue, connection) }
            await connection.close()
        } catch {
            Self.logger.critical("cannot watch a killed node's queues", metadata: ["reason": "\(error)"])
        }
    }

    private func waitUntilGone(_ queue: QueueName, _ connection: Connection) async throws {
        while true {
            let channel = try await connection.openChannel()
            var declaration = QueueDeclaration(name: queue.rawValue)
            declaration.isPassive = true
            do {
                try await channel.declareQueue(declaration)
                try await channel.close()
            } catch let error as RabbitMQError where error.replyCode == 404 {
                return
            } catch let error as RabbitMQError where error.replyCode == 405 {
                // Another connection's, and still there.
                try await channel.reopen()
                try await channel.close()
            }
            // The broker tells nobody when it has deleted a queue.
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    func tearDown() async {}

    static let logger = {
        var logger = Logger(label: "integration")
        logger.logLevel = .critical
        return logger
    }()
}

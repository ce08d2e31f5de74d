import RPC
import RPCRabbitMQ
import RabbitMQ
import RabbitMQTestSupport
import Testing

/// What is wrong at start is said in one line, with the URI and without its password (issue 3, "bad configuration").
@Suite(.timeLimit(.minutes(2)))
struct StartTests {
    private func failure(
        _ uri: String, _ adjust: (inout RabbitMQTransport.Configuration) -> Void = { _ in }
    ) async throws -> RPCError {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let node = try TestNode("n", on: network) { configuration in
            configuration.startTimeout = .milliseconds(400)
            if let connection = try? Connection.Configuration(uris: [uri]) { configuration.connection = connection }
            adjust(&configuration)
        }
        let error = try await #require(throws: RPCError.self) { try await node.node.start() }
        await node.shutDown()
        #expect(!error.message.contains("s3cret"))
        #expect(error.code == .disconnected)
        #expect(error.outcome == .notDelivered)
        return error
    }

    @Test func anUnreachableBroker() async throws {
        let port = try FreePort.find()
        let error = try await failure("amqp://guest:s3cret@127.0.0.1:\(port)/")
        #expect(error.message.contains("127.0.0.1:\(port)"))
    }

    @Test func aWrongPasswordAndAMissingVirtualHost() async throws {
        let broker = try await SharedBroker.get()
        let password = try await failure(broker.uri(password: "s3cret"))
        #expect((password.underlyingError as? RabbitMQError)?.code == .loginRefused)
        let host = try await failure(broker.uri(virtualHost: "nowhere"))
        #expect((host.underlyingError as? RabbitMQError)?.code == .virtualHostRefused)
    }

    @Test func anExchangeOfAnotherType() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let client = try await RawClient.connect(to: network)
        var exchange = ExchangeDeclaration(name: "\(network.name)-odd.groups", kind: .topic)
        exchange.isAutoDelete = true
        try await client.channel.declareExchange(exchange)
        let error = try await failure(network.broker.uri()) { $0.exchange = "\(network.name)-odd" }
        #expect(error.message.contains("\(network.name)-odd.groups"))
        await client.connection.close()
    }

    @Test func aBrokerThatComesLater() async throws {
        let broker = try await RabbitMQBroker.start()
        await broker.stop()
        let node = try TestNode("n", on: RabbitMQNetwork(broker: broker))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await node.node.start() }
            try await broker.start()
            try await group.waitForAll()
        }
        try await node.serve("Work", "n:Work")
        await node.shutDown()
        await broker.remove()
    }
}

import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import Testing

/// What is wrong at start is said in one line, with the URI and without its password.
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
        var exchange = ExchangeDeclaration(name: "\(network.name)-odd.nodes", kind: .topic)
        exchange.isAutoDelete = true
        try await client.channel.declareExchange(exchange)
        let error = try await failure(network.broker.uri()) { $0.exchange = "\(network.name)-odd" }
        #expect(error.message.contains("\(network.name)-odd.nodes"))
        await client.connection.close()
    }

    @Test func aUserAVirtualHostAndAPermissionThatComeLater() async throws {
        let broker = try await SharedBroker.get()
        let network = RabbitMQNetwork(broker: broker)
        let name = "later-\(network.name)"
        let (logger, lines) = LogLines.logger()
        let uri = broker.uri(user: name, password: "s3cret", virtualHost: name)
        let node = try TestNode("n", on: network, logger: logger) { configuration in
            configuration.startTimeout = .seconds(60)
            if let connection = try? Connection.Configuration(uris: [uri]) { configuration.connection = connection }
        }
        func complaint(_ text: String) async throws {
            try await eventually("it says: \(text)") { lines.elements.contains { $0.contains(text) } }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await node.node.start() }
            try await complaint("refused the login")
            try await broker.ctl("add_user", name, "other")
            try await broker.ctl("change_password", name, "s3cret")
            try await complaint("the virtual host \(name)")
            try await broker.ctl("add_vhost", name)
            try await broker.ctl("set_permissions", "-p", name, name, "^$", "^$", "^$")
            try await complaint("ACCESS_REFUSED")
            try await broker.ctl("set_permissions", "-p", name, name, ".*", ".*", ".*")
            try await group.waitForAll()
        }
        try await node.serve("Work", "n:Work")
        #expect(lines.elements.allSatisfy { $0.contains("cannot use the broker yet") && !$0.contains("s3cret") })
        #expect(Set(lines.elements).count == lines.count, "each is said once: \(lines.elements)")
        await node.shutDown()
        try await broker.ctl("delete_vhost", name)
    }

    @Test func aQueueLimitThatIsRaisedLater() async throws {
        let broker = try await SharedBroker.get()
        let network = RabbitMQNetwork(broker: broker)
        let name = "limited-\(network.name)"
        func allow(_ queues: Int) async throws {
            try await broker.ctl("set_vhost_limits", "-p", name, #"{"max-queues": \#(queues)}"#)
        }
        try await broker.ctl("add_vhost", name)
        try await broker.ctl("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
        try await allow(1)
        let (logger, lines) = LogLines.logger()
        let node = try TestNode("n", on: network, logger: logger) { configuration in
            configuration.startTimeout = .seconds(60)
            if let connection = try? Connection.Configuration(uris: [broker.uri(virtualHost: name)]) {
                configuration.connection = connection
            }
        }
        func complaints(_ count: Int) async throws {
            try await eventually("it says so") { lines.count(of: "queue limit in vhost '\(name)'") == count }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await node.node.start() }
            try await complaints(1)
            // Its own queues, and the lock of the Id.
            try await allow(3)
            try await group.waitForAll()
            group.addTask { try await node.serve("Work", "n:Work") }
            try await complaints(2)
            try await allow(4)
            try await group.waitForAll()
        }
        #expect(node.transport.statistics.connections == 1, "the connection survives it")
        #expect(
            lines.elements.allSatisfy { $0.contains("set_vhost_limits") && !$0.contains("Exchange") },
            "\(lines.elements)")
        await node.shutDown()
        try await broker.ctl("delete_vhost", name)
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

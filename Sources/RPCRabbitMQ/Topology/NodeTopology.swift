import MqantRPC
import MqantRabbitMQ

/// What a node declares at the broker (docs/wire.md#1-what-there-is-on-the-broker). A refusal names the permission that
/// the user lacks.
struct NodeTopology: Sendable {
    let names: TopologyNames

    /// Declares the exchange of announcements: at the beginning, and when somebody has deleted it.
    func declareExchange(on channel: AMQPChannel) async throws {
        var exchange = ExchangeDeclaration(name: names.nodes, kind: .fanout)
        exchange.isDurable = true
        try await Permission.configure.use { [exchange] in try await channel.declareExchange(exchange) }
    }

    /// Declares a queue of this connection's own: exclusive, classic, nothing that configuration changes.
    func declare(_ queue: QueueName, on channel: AMQPChannel, timeout: Duration = .seconds(10)) async throws {
        var declaration = QueueDeclaration(name: queue.rawValue)
        declaration.isExclusive = true
        declaration.arguments = ["x-queue-type": "classic"]
        try await Permission.configure.use { [declaration] in
            try await channel.declareQueue(declaration, timeout: timeout)
        }
    }

    /// Asks for a queue of this connection's own, without changing anything.
    /// - Returns: how many messages it holds.
    @discardableResult
    func inspect(_ queue: QueueName, on channel: AMQPChannel) async throws -> Int {
        var declaration = QueueDeclaration(name: queue.rawValue)
        declaration.isPassive = true
        return try await Int(channel.declareQueue(declaration).messageCount)
    }

    /// Binds the queue of announcements. Binding twice changes nothing.
    func bindAnnouncements(on channel: AMQPChannel, timeout: Duration = .seconds(10)) async throws {
        let binding = QueueBinding(queue: names.announcements.rawValue, exchange: names.nodes, routingKey: "")
        try await Permission.useBoth { try await channel.bind(binding, timeout: timeout) }
    }

    /// Consumes without acknowledgements: nothing is ever redelivered, for every queue dies with its only consumer.
    func consume(_ queue: QueueName, on channel: AMQPChannel) async throws {
        var options = ConsumerOptions()
        options.tag = names.consumerTag(queue)
        options.isExclusive = true
        try await Permission.read.use { [options] in try await channel.consume(queue.rawValue, options) }
    }
}

import RPC
import RabbitMQ
import Synchronization

extension Incarnation {
    /// Connects and declares what every node has: both exchanges, the queue of replies, the queue of announcements.
    /// - Throws: `RabbitMQError`; whatever was opened is then cut.
    func open(_ configuration: RabbitMQTransport.Configuration, makeWriter: (AMQPChannel, AMQPChannel) -> Writer)
        async throws
    {
        do {
            let loop = try ConnectionLoop(name: "rabbitmq")
            var settings = configuration.connection
            let consumer = try await Connection.open(settings, on: loop, handlers: consumerHandlers, logger: logger)
            began(consumer: consumer)
            // Both to one broker, whichever of the URIs that was.
            settings.uris = [consumer.uri]
            let publisher = try await Connection.open(settings, on: loop, handlers: publisherHandlers, logger: logger)
            began(publisher: publisher)
            try await declareExchanges(over: consumer)
            let channel = try await consumer.openChannel()
            try await consume(names.replies, as: .replies, on: channel)
            try await declare(names.announcements, on: channel)
            try await channel.bind(
                QueueBinding(queue: names.announcements.rawValue, exchange: names.nodes, routingKey: ""))
            try await startConsumer(of: names.announcements, as: .announcements, on: channel)
            let queues = try await publisher.openChannel()
            let exchanges = try await publisher.openChannel(confirming: true)
            began(writer: makeWriter(queues, exchanges))
        } catch {
            let error = error as? RabbitMQError ?? RabbitMQError(.closedLocally, "given up", underlying: error)
            end(error)
            throw error
        }
    }

    private func declareExchanges(over connection: Connection) async throws {
        let channel = try await connection.openChannel()
        for (name, kind) in [(names.groups, ExchangeDeclaration.Kind.direct), (names.nodes, .fanout)] {
            var exchange = ExchangeDeclaration(name: name, kind: kind)
            exchange.isDurable = true
            try await channel.declareExchange(exchange)
        }
        try await channel.close()
    }

    /// Opens the queue of an instance, with a channel of its own.
    func open(_ instance: ServedInstance) async throws {
        guard let consumer else { throw RabbitMQError(.connectionClosed, "the connection is over") }
        let queue = instance.queue
        let channel = try await consumer.openChannel()
        instance.state.withLock { $0.channel = channel }
        try await consume(queue, as: .requests(instance, queue: queue), on: channel)
    }

    /// Declares a queue and consumes it.
    func consume(_ queue: QueueName, as role: QueueRole, on channel: AMQPChannel) async throws {
        try await declare(queue, on: channel)
        try await startConsumer(of: queue, as: role, on: channel)
    }

    /// Declares a queue of this life's own (DESIGN §7: exclusive, classic, nothing that configuration changes).
    func declare(_ queue: QueueName, on channel: AMQPChannel) async throws {
        var declaration = QueueDeclaration(name: queue.rawValue)
        declaration.isExclusive = true
        declaration.arguments = ["x-queue-type": "classic"]
        try await channel.declareQueue(declaration)
    }

    /// Without acknowledgements: nothing is ever redelivered, for every queue dies with its only consumer.
    func startConsumer(of queue: QueueName, as role: QueueRole, on channel: AMQPChannel) async throws {
        setRole(role, of: queue)
        var options = ConsumerOptions()
        options.tag = names.consumerTag(queue)
        options.isExclusive = true
        try await channel.consume(queue.rawValue, options)
    }
}

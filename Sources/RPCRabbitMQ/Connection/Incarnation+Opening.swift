import MqantRPC
import MqantRabbitMQ
import Synchronization

extension Incarnation {
    /// Connects and declares what every node has: the exchange of announcements and their queue, the queue of replies.
    /// - Throws: `RabbitMQError`; whatever was opened is then cut.
    func open(
        _ configuration: RabbitMQTransport.Configuration, makeWriter: (AMQPChannel, AMQPChannel, SizeTrial) -> Writer
    )
        async throws
    {
        do {
            let loop = try ConnectionLoop(name: "rabbitmq")
            var settings = configuration.connection
            let consumer = try await Connection.open(settings, on: loop, handlers: consumerHandlers, logger: logger)
            began(consumer: consumer)
            // Both to one broker, whichever of the URIs that was.
            (settings.uris, settings.preferredAddress) = ([consumer.uri], consumer.address)
            let publisher = try await Connection.open(settings, on: loop, handlers: publisherHandlers, logger: logger)
            began(publisher: publisher)
            try await declareExchange()
            let channel = try await consumer.openChannel()
            try await declare(names.replies, on: channel)
            try await declare(names.announcements, on: channel)
            let queues = try await publisher.openChannel()
            let confirming = try await publisher.openChannel(confirming: true)
            // All channels before the first message: a broker in an alarm answers nothing to who has published.
            let sizes = try await publisher.openChannel(confirming: true)
            try await tryPublishing(on: confirming)
            try await tryReturn(on: confirming)
            for (queue, role) in [(names.replies, QueueRole.replies), (names.announcements, .announcements)] {
                try await tryKeeping(queue, on: channel, publishing: confirming)
                if case .announcements = role { try await bindAnnouncements(on: channel) }
                try await startConsumer(of: queue, as: role, on: channel)
            }
            let trial = SizeTrial(on: sizes, largest: configuration.connection.maximumBodySize, logger: logger)
            began(writer: makeWriter(queues, confirming, trial))
            try await unlessStalled { try await trial.run(0) }
            try trial.checkSmallest()
        } catch {
            end(error as? RabbitMQError ?? RabbitMQError(.closedLocally, "given up", underlying: error))
            if let error = error as? RabbitMQError, error.mayBeAllowedLater { throw names.withoutToken(error) }
            // What came first: what follows from it tells nothing.
            throw reason ?? error
        }
    }

    /// Declares the exchange of announcements: at the beginning, and when somebody has deleted it.
    private func declareExchange() async throws {
        guard let consumer else { throw RabbitMQError(.connectionClosed, "the connection is over") }
        let channel = try await consumer.openChannel()
        var exchange = ExchangeDeclaration(name: names.nodes, kind: .fanout)
        exchange.isDurable = true
        try await Right.configure.use { [exchange] in try await channel.declareExchange(exchange) }
        try await channel.close()
    }

    private func bindAnnouncements(on channel: AMQPChannel, timeout: Duration = .seconds(10)) async throws {
        let binding = QueueBinding(queue: names.announcements.rawValue, exchange: names.nodes, routingKey: "")
        try await Right.useBoth { try await channel.bind(binding, timeout: timeout) }
    }

    /// Binds once more what is bound, on a channel that may be refused: nobody but its caller cares.
    func bindAnnouncementsAgain(timeout: Duration) async throws {
        try await attempt { try await bindAnnouncements(on: $0, timeout: timeout) }.close()
    }

    /// Declares the exchange that somebody has deleted, and has announcements come again.
    func restoreExchange() async throws {
        try await declareExchange()
        guard let consumer else { throw RabbitMQError(.connectionClosed, "the connection is over") }
        let channel = try await consumer.openChannel()
        try await bindAnnouncements(on: channel)
        try await channel.close()
    }

    /// Opens the queue of an instance, with a channel of its own.
    /// - Throws: `RabbitMQError`. If the user may not have it (403), that is all that happens.
    func open(_ instance: ServedInstance) async throws {
        let queue = instance.queue
        let channel = try await attempt { channel in
            try await declare(queue, on: channel)
            if let writer { try await tryKeeping(queue, on: channel, publishing: writer.confirming) }
            try await startConsumer(of: queue, as: .requests(instance, queue: queue), on: channel)
        }
        instance.state.withLock { $0.channel = channel }
    }

    /// Does on a channel of its own what the broker may refuse, which closes the channel and nothing else.
    /// - Returns: the channel. From now on its end is that of the connection.
    /// - Throws: the refusal, or the end of the connection.
    func attempt(_ body: (AMQPChannel) async throws -> Void) async throws -> AMQPChannel {
        guard let consumer else { throw RabbitMQError(.connectionClosed, "the connection is over") }
        let channel = try await consumer.openChannel()
        tolerate(channel, true)
        do {
            try await body(channel)
            tolerate(channel, false)
            return channel
        } catch let error as RabbitMQError where error.code == .channelClosed || error.isPolicy {
            // Closed (once more) on this side, so that its number is free again. If it was not the broker's answer but
            // the caller's cancellation that ended this, the channel stays open, and its answer still finds it tolerant.
            try await channel.close()
            tolerate(channel, false)
            throw names.withoutToken(error)
        }
    }

    /// Declares a queue of this life's own (docs/wire.md#1-what-there-is-on-the-broker: exclusive, classic, nothing
    /// that configuration changes).
    func declare(_ queue: QueueName, on channel: AMQPChannel) async throws {
        var declaration = QueueDeclaration(name: queue.rawValue)
        declaration.isExclusive = true
        declaration.arguments = ["x-queue-type": "classic"]
        try await Right.configure.use { try await channel.declareQueue(declaration) }
    }

    /// Without acknowledgements: nothing is ever redelivered, for every queue dies with its only consumer.
    func startConsumer(of queue: QueueName, as role: QueueRole, on channel: AMQPChannel) async throws {
        setRole(role, of: queue)
        var options = ConsumerOptions()
        options.tag = names.consumerTag(queue)
        options.isExclusive = true
        do {
            try await Right.read.use { try await channel.consume(queue.rawValue, options) }
        } catch {
            removeRole(of: queue)
            throw error
        }
    }
}

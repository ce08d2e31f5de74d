import MqantRPC
import MqantRabbitMQ

/// What a session declares after its opening.
extension BrokerSession {
    /// Declares the exchange of announcements, on a channel that is closed then.
    func declareExchange() async throws {
        let channel = try await openChannel()
        try await topology.declareExchange(on: channel)
        try await channel.close()
    }

    /// Declares the exchange that somebody has deleted, and has announcements come again.
    func restoreExchange() async throws {
        try await declareExchange()
        let channel = try await openChannel()
        try await topology.bindAnnouncements(on: channel)
        try await channel.close()
        try await reopenConfirming()
    }

    /// Binds once more what is bound, on a channel that may be refused: nobody but its caller cares.
    func bindAnnouncementsAgain(timeout: Duration) async throws {
        try await attempt { try await topology.bindAnnouncements(on: $0, timeout: timeout) }.close()
    }

    /// Opens the queue of an instance, with a channel of its own.
    /// - Throws: `RabbitMQError`. If the user may not have it (403), that is all that happens.
    func open(_ queue: InstanceQueue) async throws {
        let name = queue.name
        let channel = try await attempt { channel in
            try await topology.declare(name, on: channel)
            if let confirming { try await trials.tryKeeping(name, on: channel, publishing: confirming) }
            try await consume(name, as: .requests(queue, queue: name), on: channel)
        }
        queue.opened(on: channel)
    }

    /// Deletes the queue of an instance once it is empty. What was delivered before the broker's answer has been received
    /// then.
    func delete(_ queue: InstanceQueue, timeout: Duration) async throws {
        guard let channel = queue.channel else { return }
        let name = queue.name
        tolerate(channel, true)
        for attempt in 1... {
            do {
                try await channel.deleteQueue(name.rawValue, ifEmpty: attempt < 20, timeout: timeout)
                break
            } catch let error as RabbitMQError where error.replyCode == 406 {
                // Something came: it is consumed first.
                try await channel.reopen()
                try await consume(name, as: .requests(queue, queue: name), on: channel)
            }
        }
        roles.remove(name)
        try await channel.close()
        tolerate(channel, false)
    }

    /// Starts the consumer of a queue.
    func consume(_ queue: QueueName, as role: QueueRole, on channel: AMQPChannel) async throws {
        roles.set(role, of: queue)
        do {
            try await topology.consume(queue, on: channel)
        } catch {
            roles.remove(queue)
            throw error
        }
    }
}

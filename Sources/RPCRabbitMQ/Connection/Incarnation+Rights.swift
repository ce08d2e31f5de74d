import MqantRPC
import MqantRabbitMQ
import NIOCore

extension Incarnation {
    /// Finds out at once whether this user may publish where a node must: the broker says so only to who does, and then
    /// closes the channel. An empty message without `type` is nobody's concern (docs/wire.md §4).
    ///
    /// - Throws: `RabbitMQError` 403, naming the exchange.
    func tryPublishing(on channel: AMQPChannel) async throws {
        try await unlessStalled { [names] in
            // By the default exchange to this node itself.
            for (exchange, key) in [(names.nodes, ""), ("", names.replies.rawValue)] {
                let message = OutgoingMessage(exchange: exchange, routingKey: key, body: ByteBuffer())
                _ = try await Right.write.use { try await channel.publishConfirmed(message) }
            }
        }
    }

    /// Tells everybody under which names this node is there, before it writes anything else: whoever gets a request knows by
    /// then whose it is, and can call the caller's sessions.
    func introduce(_ announcement: Announcement?) async throws {
        guard let announcement, let writer else { return }
        try await unlessStalled { try await writer.writeConfirmed(announcement) }
    }

    /// Does what the broker confirms. One that takes no messages now (an alarm) is not waited for.
    func unlessStalled(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let stall = nextStall()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(operation: body)
            group.addTask { for await _ in stall {} }
            try await group.next()
            group.cancelAll()
        }
    }
}

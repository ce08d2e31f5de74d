import NIOCore
import RPC
import RabbitMQ

extension Incarnation {
    /// Finds out at once whether this user may publish where a node must: the broker says so only to who does, and then
    /// closes the channel. An empty message without `type` is nobody's concern (docs/wire.md §4).
    ///
    /// A broker that takes no messages now (an alarm) is not waited for.
    /// - Throws: `RabbitMQError` 403, naming the exchange.
    func tryPublishing(on channel: AMQPChannel) async throws {
        let (stalls, names) = (stalls, names)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // The default exchange: to this node itself. No group has an empty name: to nobody.
                for (exchange, key) in [(names.nodes, ""), (names.groups, ""), ("", names.replies.rawValue)] {
                    let message = OutgoingMessage(exchange: exchange, routingKey: key, body: ByteBuffer())
                    _ = try await Right.write.use { try await channel.publishConfirmed(message) }
                }
            }
            group.addTask { for await _ in stalls {} }
            try await group.next()
            group.cancelAll()
        }
    }
}

import MqantRPC
import MqantRabbitMQ
import NIOCore

/// Tries what a node relies on, each time that it connects. AMQP tells of neither a user's permissions to publish nor of
/// an operator's policies, which reach every queue whose name they match (docs/rabbitmq.md#policies-of-the-operator).
struct BrokerTrials: Sendable {
    /// So many messages must find room in a queue that nobody reads yet.
    private static let count = 100

    let topology: NodeTopology
    let stall: PublisherStall

    private var names: TopologyNames { topology.names }

    /// Finds out whether this user may publish where a node must: the broker says so only to a publisher, and then
    /// closes the channel. Everybody ignores an empty message without `type` (docs/wire.md §4).
    ///
    /// - Throws: `RabbitMQError` 403, naming the exchange.
    func tryPublishing(on channel: AMQPChannel) async throws {
        try await stall.unlessStalled { [names] in
            // By the default exchange to this node itself.
            for (exchange, key) in [(names.nodes, ""), ("", names.replies.rawValue)] {
                let message = OutgoingMessage(exchange: exchange, routingKey: key, body: ByteBuffer())
                _ = try await Permission.write.use { try await channel.publishConfirmed(message) }
            }
        }
    }

    /// Finds out whether a message to a queue that does not exist comes back: that is how a node learns who is gone.
    /// - Throws: `RabbitMQError` `policyRefused`.
    func tryReturn(on channel: AMQPChannel) async throws {
        try await stall.unlessStalled { [names] in
            let message = OutgoingMessage(routingKey: names.nowhere.rawValue, isMandatory: true, body: ByteBuffer())
            let outcome = try await channel.publishConfirmed(message)
            if case .returned = outcome { return }
            throw RabbitMQError(
                .policyRefused,
                "a message to a queue that does not exist does not come back: does an alternate-exchange take it?")
        }
    }

    /// Finds out whether a queue of this node keeps its messages until they are read. It must have no consumer yet. The
    /// messages are probes, which the consumer ignores.
    /// - Parameters:
    ///   - channel: that of the queue.
    ///   - publishing: confirms.
    /// - Throws: `RabbitMQError` `policyRefused`, naming what a policy does.
    func tryKeeping(_ queue: QueueName, on channel: AMQPChannel, publishing: AMQPChannel) async throws {
        try await stall.unlessStalled { [topology] in
            let message = OutgoingMessage(routingKey: queue.rawValue, body: ByteBuffer())
            for _ in 1..<Self.count { try publishing.publish(message) }
            // The broker has dealt with all of them by then.
            let outcome = try await publishing.publishConfirmed(message)
            let count = try await topology.inspect(queue, on: channel)
            guard count < Self.count else { return }
            let cause =
                if case .refused = outcome {
                    "max-length and overflow reject-publish"
                } else {
                    count == 0 ? "message-ttl 0" : "max-length"
                }
            throw topology.names.withoutToken(
                RabbitMQError(
                    .policyRefused,
                    "the queue \(queue) keeps \(count) of \(Self.count) messages: a policy with \(cause) seems to match it"
                ))
        }
    }
}

import MqantRPC
import MqantRabbitMQ
import NIOCore

/// Policies of the operator reach every queue whose name they match, and AMQP does not tell of them. So a node tries
/// what it relies on, each time that it connects (docs/rabbitmq.md#policies-of-the-operator).
extension Incarnation {
    /// So many messages must find room in a queue that nobody reads yet.
    private static var trialCount: Int { 100 }

    /// Finds out whether what is sent to a queue that does not exist comes back: that is how a node learns who is gone.
    /// - Throws: `RabbitMQError` `policyRefused`.
    func tryReturn(on channel: AMQPChannel) async throws {
        try await unlessStalled { [names] in
            let message = OutgoingMessage(routingKey: names.nowhere.rawValue, isMandatory: true, body: ByteBuffer())
            let outcome = try await channel.publishConfirmed(message)
            if case .returned = outcome { return }
            throw RabbitMQError(
                .policyRefused,
                "a message to a queue that does not exist does not come back: does an alternate-exchange take it?")
        }
    }

    /// Finds out whether a queue of this node keeps what comes until it is read. It must not be consumed yet: the
    /// messages are probes, which the consumer ignores.
    /// - Parameters:
    ///   - channel: that of the queue.
    ///   - publishing: confirms.
    /// - Throws: `RabbitMQError` `policyRefused`, naming what a policy does.
    func tryKeeping(_ queue: QueueName, on channel: AMQPChannel, publishing: AMQPChannel) async throws {
        try await unlessStalled { [names] in
            let message = OutgoingMessage(routingKey: queue.rawValue, body: ByteBuffer())
            for _ in 1..<Self.trialCount { try publishing.publish(message) }
            // The broker has dealt with all of them by then.
            let outcome = try await publishing.publishConfirmed(message)
            var declaration = QueueDeclaration(name: queue.rawValue)
            declaration.isPassive = true
            let count = try await Int(channel.declareQueue(declaration).messageCount)
            guard count < Self.trialCount else { return }
            let cause =
                if case .refused = outcome {
                    "max-length and overflow reject-publish"
                } else {
                    count == 0 ? "message-ttl 0" : "max-length"
                }
            throw names.withoutToken(
                RabbitMQError(
                    .policyRefused,
                    "the queue \(queue) keeps \(count) of \(Self.trialCount) messages: a policy with \(cause) seems to match it"
                ))
        }
    }
}

package import MqantRPC
import MqantRabbitMQ
import NIOCore

/// Requests to a queue whose outcome is told.
///
/// They belong to the connection that exists when they are sent. They are written on that one or not at all, for order
/// exists only on one connection.
extension RabbitMQTransport {
    /// How often those that wait are looked at while nothing is written.
    private static var beat: Duration { .seconds(1) }

    package func send(
        _ request: RPCRequest, to queue: QueueName, confirmation: @escaping @Sendable (DeliveryOutcome) -> Void
    ) {
        var request = request
        request.replyTo = nil
        if let error = WireEnvelope.obstacle(of: request, maximumBodySize: configuration.connection.maximumBodySize) {
            return confirmation(.refused(error))
        }
        let until = request.deadline ?? .now() + TimeAmount(configuration.writeTimeout)
        switch outbox.append(OutboxEntry(.confirmed(request, until: until, confirmation), to: queue)) {
        case .taken: wake()
        case .full:
            confirmation(
                .refused(RPCError(.overloaded, "too many messages wait for the broker", outcome: .notDelivered)))
        case .closed, .disconnected: confirmation(.unknown)
        }
    }

    /// Those that wait are never written: the next connection is another.
    func giveUpConfirmed() {
        for entry in outbox.connectionLost() { entry.confirm(.unknown) }
    }

    /// Gives up those that have waited long enough, even while a broker in an alarm lets nothing be written.
    func expireConfirmed() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.beat) } catch { return }
            let error = RPCError(.timeout, "the deadline passed before the broker took it", outcome: .notDelivered)
            for entry in outbox.takeExpired(now: .now()) { entry.confirm(.refused(error)) }
        }
    }
}

extension Connection {
    /// Opens a channel. `confirming`: for `publishConfirmed`; every message on it is then answered by the broker.
    package func openChannel(confirming: Bool = false, timeout: Duration = .seconds(10)) async throws -> AMQPChannel {
        let waiter = Waiter<Reply>(timeout: timeout)
        let reply = try await waiter.wait { try submit(.openChannel(confirming: confirming, waiter)) }
        guard case .channel(let id) = reply else {
            throw RabbitMQError(.protocolViolation, "the broker did not open a channel", outcome: .unknown)
        }
        return AMQPChannel(id: id, connection: self)
    }
}

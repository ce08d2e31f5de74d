import MqantRPC
import MqantRabbitMQ

extension RPCError {
    /// The caller of a start was cancelled.
    static let startCancelled = RPCError(.cancelled, "the start was given up", outcome: .notDelivered)

    /// The broker does not let this node do what it must.
    /// - Parameter brokers: the URIs without their passwords.
    static func unusable(_ error: RabbitMQError, at brokers: String) -> RPCError {
        let reason = error.advice
        // Where one URI failed, the reason begins with it.
        let place = reason.contains("amqp") ? "" : " at \(brokers)"
        return RPCError(
            .disconnected, "cannot use RabbitMQ\(place): \(reason)", outcome: .notDelivered, underlyingError: error)
    }

    /// What an error of the broker's connection means to a caller.
    init(_ error: RabbitMQError) {
        let outcome: Outcome = error.outcome == .notSent ? .notDelivered : .unknown
        let code: Code =
            switch error.code {
            case .timeout: .timeout
            case .queueFull: .overloaded
            case .bodyTooLarge, .invalidArgument: .tooLarge
            default: .disconnected
            }
        self.init(code, error.description, outcome: outcome, underlyingError: error)
    }
}

import RPC
import RabbitMQ

extension RabbitMQError {
    /// Whether the broker's user lacks a permission.
    var isForbidden: Bool { code == .channelClosed && replyCode == 403 }

    /// What went wrong, and what to do about it.
    var advice: String {
        switch replyCode {
        case 403 where code == .channelClosed:
            "\(self); give the user its permissions with rabbitmqctl set_permissions (docs/three-hosts.md)"
        case 406 where code == .channelClosed:
            "\(self); name another Exchange under Rabbitmq in server.conf, or delete that one"
        default:
            description
        }
    }
}

extension RPCError {
    /// The broker does not let this node do what it must.
    /// - Parameter uris: where it is, without passwords.
    static func unusable(_ error: RabbitMQError, at uris: String) -> RPCError {
        let reason = error.advice
        // Where one URI failed, the reason begins with it.
        let place = reason.contains("amqp") ? "" : " at \(uris)"
        return RPCError(
            .disconnected, "cannot use RabbitMQ\(place): \(reason)", outcome: .notDelivered, underlyingError: error)
    }
}

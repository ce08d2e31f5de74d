import MqantAMQPURI

/// The meaning of a broker's refusal. RabbitMQ has few codes for many reasons; its texts, which are the same from 3.10 to
/// 4.3, tell them apart. An unknown refusal is shown as it came.
extension RabbitMQError {
    /// The broker closed the connection while logging in.
    static func refusedLogin(_ uri: AMQPURI, code: UInt16, text: String) -> RabbitMQError {
        let (kind, message) = meaning(uri, code, text)
        return RabbitMQError(kind, "\(uri): \(message)", replyCode: code, replyText: text)
    }

    private static func meaning(_ uri: AMQPURI, _ code: UInt16, _ text: String) -> (Code, String) {
        if isLimit(text) { return (.limitReached, "the broker allows no further connection") }
        if code == 403, text.contains("Login was refused") {
            return (
                .loginRefused,
                "the broker refused the login: check user and password (guest works from the broker's own host only)"
            )
        }
        if code == 530, text.contains("vhost"), text.contains("not found") {
            return (
                .virtualHostRefused, "the virtual host \(uri.virtualHost) does not exist: rabbitmqctl add_vhost"
            )
        }
        if code == 530, text.contains("access to vhost") {
            return (
                .virtualHostRefused,
                "the virtual host \(uri.virtualHost) refuses this user: rabbitmqctl set_permissions"
            )
        }
        return (.connectionRefused, "the broker refused the connection")
    }

    private static func isLimit(_ text: String) -> Bool {
        text.contains("limit") && (text.contains("is reached") || text.contains("has reached"))
    }

    /// Whether a limit of the broker, of the virtual host or of the user is reached: no further connection, channel, queue
    /// or exchange. Trying later may help: the limit may be raised, and others may go.
    package var isLimit: Bool { replyText.map(Self.isLimit) ?? false }

    /// The largest body that the broker takes, in bytes, if this is its refusal of a larger one (`max_message_size`).
    package var messageSizeLimit: Int? {
        guard replyCode == 406, let words = replyText?.split(separator: " "), words.contains("message"),
            words.contains("size"), words.contains("larger")
        else { return nil }
        return words.last.flatMap { Int($0) }
    }
}

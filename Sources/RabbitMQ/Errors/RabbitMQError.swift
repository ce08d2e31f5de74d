/// Why something did not work. The only error type of this target.
package struct RabbitMQError: Error, Sendable {
    package enum Code: String, Sendable, Hashable {
        /// A URI or a TLS file that cannot be used.
        case invalidConfiguration
        /// An argument that AMQP cannot carry.
        case invalidArgument
        /// No TCP or TLS connection, or no AMQP peer behind it.
        case unreachable
        /// The certificate of the broker is not trusted, or not its host's.
        case untrustedPeer
        /// ACCESS_REFUSED while logging in: user or password.
        case loginRefused
        /// The virtual host does not exist or is not this user's.
        case virtualHostRefused
        /// A limit of the broker, of the virtual host or of the user allows no more: connections, channels, queues.
        case limitReached
        /// What the broker does, by a policy of its operator, is not what this side relies on.
        case policyRefused
        /// The broker refused the login for another reason; `replyCode` and `replyText` say which.
        case connectionRefused
        /// The broker closed the channel; `replyCode` says why. The channel can be reopened.
        case channelClosed
        /// The broker closed the connection, or it broke, or heartbeats stayed away.
        case connectionClosed
        /// This side closed the connection or the channel.
        case closedLocally
        /// Bytes that are not AMQP 0-9-1, or frames in an order that it forbids.
        case protocolViolation
        /// A body over the configured bound.
        case bodyTooLarge
        /// The bounded queue of operations is full.
        case queueFull
        /// No answer before the deadline.
        case timeout
    }

    /// What is known of the effect of the failed operation.
    package enum Outcome: Sendable, Hashable {
        /// Nothing of it was written to the broker: repeating it is safe.
        case notSent
        /// It may have reached the broker.
        case unknown
    }

    package var code: Code
    /// One line for people. Holds no password.
    package var message: String
    package var outcome: Outcome
    /// AMQP 0-9-1 §1.2, as the broker sent it: 404 NOT_FOUND, 405 RESOURCE_LOCKED, 406 PRECONDITION_FAILED…
    package var replyCode: UInt16?
    /// The broker's own words.
    package var replyText: String?
    package var underlying: (any Error)?

    package init(
        _ code: Code, _ message: String, outcome: Outcome = .notSent,
        replyCode: UInt16? = nil, replyText: String? = nil, underlying: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.outcome = outcome
        self.replyCode = replyCode
        self.replyText = replyText
        self.underlying = underlying
    }
}

extension RabbitMQError: CustomStringConvertible {
    package var description: String {
        guard let replyCode else { return message }
        return "\(message) (\(replyCode) \(replyText ?? ""))"
    }
}

extension RabbitMQError {
    /// Frames that AMQP 0-9-1 forbids. `UNEXPECTED_FRAME` where the order is wrong, `FRAME_ERROR` where the form is.
    static func violation(_ what: String, code: UInt16 = 505, text: String = "UNEXPECTED_FRAME") -> RabbitMQError {
        RabbitMQError(
            .protocolViolation, "the peer sent \(what)", outcome: .unknown, replyCode: code, replyText: text)
    }

    /// See `violation`.
    static func malformed(_ what: String) -> RabbitMQError {
        violation(what, code: 501, text: "FRAME_ERROR")
    }

    /// A system call on the connection's socket failed.
    static func broken(_ cause: any Error) -> RabbitMQError {
        RabbitMQError(.connectionClosed, "the connection broke: \(cause)", outcome: .unknown, underlying: cause)
    }

    /// The peer's window stayed full.
    static func stalled(for limit: Duration) -> RabbitMQError {
        RabbitMQError(.connectionClosed, "the broker took nothing for \(limit)", outcome: .unknown)
    }

    func with(outcome: Outcome) -> RabbitMQError {
        var copy = self
        copy.outcome = outcome
        return copy
    }
}

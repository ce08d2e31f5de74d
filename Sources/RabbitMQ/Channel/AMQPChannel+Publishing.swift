extension AMQPChannel {
    /// Hands a message over for sending. Returns at once; from any thread.
    ///
    /// Throws, with nothing sent: `bodyTooLarge`, `invalidArgument`, `queueFull`, or the end of channel or connection.
    /// What is accepted and then cannot be written comes back as `ConnectionEvent.unsent`. What is written may be lost
    /// without a word if the connection or the channel ends; a mandatory message without a queue comes back as
    /// `ConnectionEvent.returned`.
    package func publish(_ message: OutgoingMessage) throws(RabbitMQError) {
        try submit(message, nil)
    }

    /// Publishes on a confirming channel and waits for the broker's word, at most `timeout`.
    ///
    /// The message gets a `messageID` unless it has one; one that the caller gives must be unique on the channel. The
    /// error's `outcome` says whether it may have been delivered.
    package func publishConfirmed(
        _ message: OutgoingMessage, timeout: Duration = .seconds(10)
    ) async throws -> PublishOutcome {
        let waiter = Waiter<PublishOutcome>(timeout: timeout)
        return try await waiter.wait { try submit(message, waiter) }
    }

    /// The same for a caller that does not await: `whenSettled` is called once, on the owner thread, which it must not
    /// keep. Errors that `publish` throws are thrown here too, and then it is not called.
    package func publishConfirmed(
        _ message: OutgoingMessage, timeout: Duration = .seconds(10),
        whenSettled: @escaping @Sendable (Result<PublishOutcome, any Error>) -> Void
    ) throws(RabbitMQError) {
        try submit(message, Waiter(timeout: timeout, handler: whenSettled))
    }

    private func submit(_ message: OutgoingMessage, _ waiter: Waiter<PublishOutcome>?) throws(RabbitMQError) {
        try message.validate(maximumBodySize: connection.maximumBodySize, headerSpace: connection.headerSpace)
        if let core = connection.onOwner {
            try core.publish(message, on: id, waiter: waiter)
        } else {
            try connection.submit(.publish(id, message, waiter))
        }
    }
}

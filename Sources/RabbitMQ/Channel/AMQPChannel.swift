/// A channel of a connection: a cheap handle, for any thread.
///
/// The broker answers the methods of a channel in order, so any number may be under way at once. Declaring and
/// publishing do not share a channel: a failed declaration closes it, and what was published behind it vanishes.
package struct AMQPChannel: Sendable, Hashable {
    package let id: ChannelID
    package let connection: Connection

    package static func == (left: AMQPChannel, right: AMQPChannel) -> Bool {
        left.id == right.id && left.connection === right.connection
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(ObjectIdentifier(connection))
    }

    /// Makes a channel that the broker closed usable again, under the same number and with confirmations if it had
    /// them. Consumers and prefetch counts are gone.
    package func reopen(timeout: Duration = .seconds(10)) async throws {
        let waiter = Waiter<Reply>(timeout: timeout)
        _ = try await waiter.wait { try connection.submit(.reopenChannel(id, waiter)) }
    }

    /// Ends the channel. Its number may be given to another; the handle must not be used any more.
    package func close(timeout: Duration = .seconds(10)) async throws {
        try await ask([.channelClose], timeout)
    }

    /// Writes the requests one behind the other and waits for the last one's answer. The first that fails closes the
    /// channel, with the broker's code and text as the error.
    @discardableResult
    func ask(_ requests: [Request], _ timeout: Duration) async throws -> Reply {
        for request in requests { try request.validate(frameMaximum: connection.frameMaximum) }
        let waiter = Waiter<Reply>(timeout: timeout)
        return try await waiter.wait { try connection.submit(.ask(id, requests, waiter)) }
    }

    func wrongAnswer() -> RabbitMQError {
        RabbitMQError(.protocolViolation, "the broker answered something else", outcome: .unknown)
    }
}

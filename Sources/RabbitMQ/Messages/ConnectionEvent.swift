/// What a connection tells besides its deliveries, in the order in which it happened.
package enum ConnectionEvent: Sendable {
    /// A mandatory message reached no queue. Not told for those that `publishConfirmed` awaits.
    case returned(ReturnedMessage)
    /// A received message was not kept.
    case skipped(SkippedMessage)
    /// A message that `publish` accepted was never written: repeating it is safe.
    case unsent(OutgoingMessage, ChannelID, RabbitMQError)
    /// The broker ended a consumer: its queue is gone.
    case consumerCancelled(ChannelID, tag: String)
    /// The broker closed the channel. Messages that were on their way on it are lost. The channel can be reopened.
    case channelClosed(ChannelID, RabbitMQError)
    /// connection.blocked: the broker takes no messages (memory, disk). They wait in the bounded queue until
    /// `unblocked`.
    case blocked(reason: String)
    case unblocked
    /// The connection is over. Always the last event, exactly once.
    case closed(RabbitMQError)
}

/// A message that was not kept: its body is over the bound or its headers cannot be represented.
///
/// Its bytes were read past, the connection lives on. A consumer that acknowledges must settle `deliveryTag` still.
package struct SkippedMessage: Sendable {
    package enum Reason: Sendable, Hashable {
        case bodyTooLarge
        /// The header table is nested too deeply or holds a type that RabbitMQ does not know.
        case unreadableProperties
    }

    package var channel: ChannelID
    package var reason: Reason
    /// nil for a returned message, which needs no acknowledgement.
    package var deliveryTag: UInt64?
    package var exchange: String
    package var routingKey: String
    /// Bytes, as the content header announced them.
    package var bodySize: UInt64
}

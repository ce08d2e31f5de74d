package import NIOCore

/// A message that a consumer received (basic.deliver).
package struct Delivery: Sendable {
    package var channel: ChannelID
    package var consumerTag: String
    /// Names the message in an acknowledgement, on this channel only.
    package var deliveryTag: UInt64
    package var isRedelivered: Bool
    package var exchange: String
    package var routingKey: String
    package var properties: BasicProperties
    package var body: ByteBuffer
}

package import NIOCore

/// A mandatory message that reached no queue (basic.return), as it was published.
package struct ReturnedMessage: Sendable {
    package var channel: ChannelID
    /// 312 (NO_ROUTE) from RabbitMQ.
    package var replyCode: UInt16
    package var replyText: String
    package var exchange: String
    package var routingKey: String
    package var properties: BasicProperties
    package var body: ByteBuffer
}

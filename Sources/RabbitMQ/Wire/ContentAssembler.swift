internal import NIOCore

/// Puts the messages of one channel together: method, content header, body frames (AMQP 0-9-1 §4.2.6).
///
/// A value without I/O. Frames of other channels may come in between, which is why each channel has its own. A body
/// over the bound is counted past by its header's size, and so is a message whose properties are unreadable.
struct ContentAssembler {
    /// What announced the message.
    enum Head {
        case delivery(consumerTag: String, deliveryTag: UInt64, isRedelivered: Bool)
        case returned(code: UInt16, text: String)
    }

    struct Message {
        var head: Head
        var exchange: String
        var routingKey: String
        var properties: BasicProperties
        var body: ByteBuffer
        var bodySize: UInt64
        /// Set: neither properties nor body are there.
        var skipped: SkippedMessage.Reason?
    }

    private enum Expectation {
        case method
        case header
        case body
    }

    let maximumBodySize: Int
    private var expectation = Expectation.method
    private var message: Message?
    private var remaining: UInt64 = 0

    init(maximumBodySize: Int) {
        self.maximumBodySize = maximumBodySize
    }

    /// Whether a method frame may come now.
    var isBetweenMessages: Bool { expectation == .method }

    /// basic.deliver or basic.return came.
    mutating func begin(_ head: Head, exchange: String, routingKey: String) throws(RabbitMQError) {
        guard expectation == .method else { throw RabbitMQError.violation("a method inside a message") }
        message = Message(
            head: head, exchange: exchange, routingKey: routingKey, properties: BasicProperties(),
            body: ByteBuffer(), bodySize: 0)
        expectation = .header
    }

    /// The content header came; `properties` nil: unreadable. Returns the message if it has no body.
    mutating func header(bodySize: UInt64, properties: BasicProperties?) throws(RabbitMQError) -> Message? {
        guard expectation == .header else { throw RabbitMQError.violation("a content header without its method") }
        message?.bodySize = bodySize
        remaining = bodySize
        if bodySize > UInt64(clamping: maximumBodySize) {
            message?.skipped = .bodyTooLarge
        } else if let properties {
            message?.properties = properties
            if bodySize > 0 { message?.body = ByteBufferAllocator().buffer(capacity: Int(bodySize)) }
        } else {
            message?.skipped = .unreadableProperties
        }
        if bodySize == 0 { return finish() }
        expectation = .body
        return nil
    }

    /// A body frame came. Returns the message if this completes it.
    mutating func body(_ bytes: UnsafeRawBufferPointer) throws(RabbitMQError) -> Message? {
        guard expectation == .body else { throw RabbitMQError.violation("a body without its header") }
        guard UInt64(bytes.count) <= remaining else {
            throw RabbitMQError.violation("more body than its header announced")
        }
        remaining -= UInt64(bytes.count)
        if message?.skipped == nil { message?.body.writeBytes(bytes) }
        return remaining == 0 ? finish() : nil
    }

    private mutating func finish() -> Message? {
        expectation = .method
        return message.take()
    }
}

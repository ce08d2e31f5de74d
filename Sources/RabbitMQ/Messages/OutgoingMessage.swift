package import NIOCore

/// A message to publish.
package struct OutgoingMessage: Sendable {
    /// `""` is the default exchange, which routes to the queue named by `routingKey`.
    package var exchange: String
    package var routingKey: String
    /// Asks the broker to return the message (`ConnectionEvent.returned`) when it reaches no queue.
    package var isMandatory: Bool
    package var properties: BasicProperties
    package var body: ByteBuffer

    package init(
        exchange: String = "", routingKey: String, isMandatory: Bool = false,
        properties: BasicProperties = BasicProperties(), body: ByteBuffer
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.isMandatory = isMandatory
        self.properties = properties
        self.body = body
    }
}

extension OutgoingMessage {
    /// Refuses what could never be written, before it takes room in a queue.
    func validate(maximumBodySize: Int, headerSpace: Int) throws(RabbitMQError) {
        if body.readableBytes > maximumBodySize {
            throw RabbitMQError(
                .bodyTooLarge, "a body of \(body.readableBytes) bytes is over the bound of \(maximumBodySize)")
        }
        if exchange.utf8.count > ShortString.maximumLength {
            throw RabbitMQError(.invalidArgument, "the exchange's name is longer than 255 bytes")
        }
        if routingKey.utf8.count > ShortString.maximumLength {
            throw RabbitMQError(.invalidArgument, "the routing key is longer than 255 bytes")
        }
        if let field = properties.oversizedField {
            throw RabbitMQError(.invalidArgument, "the property \(field) is longer than 255 bytes")
        }
        // The other properties are at most ten short strings and a few numbers.
        if !properties.headers.isEmpty, try properties.headers.checkedSize() > headerSpace {
            throw RabbitMQError(
                .invalidArgument, "the headers exceed the \(headerSpace) bytes that a frame has for them")
        }
    }

    /// What the message weighs in a bounded queue, in bytes.
    var queueWeight: Int { body.readableBytes + 512 }
}

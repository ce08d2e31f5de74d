internal import CMqantRabbitMQ
internal import NIOCore

extension Link {
    /// A frame came. What it points to is valid only during this call.
    func handle(_ frame: inout amqp_frame_t) throws(RabbitMQError) {
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD:
            try handleMethod(frame.channel, frame.payload.method.id, frame.payload.method.decoded)
        case AMQP_FRAME_HEADER:
            guard let channel = receiver(frame.channel) else { return }
            let header = frame.payload.properties
            guard header.class_id == MethodID.basicClass, let decoded = header.decoded else {
                throw RabbitMQError.violation("a content header of class \(header.class_id)")
            }
            let properties = BasicProperties(
                decoding: decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee, strings: &strings)
            if let message = try channel.content.header(bodySize: header.body_size, properties: properties) {
                arrived(message, on: channel)
            }
        case AMQP_FRAME_BODY:
            guard let channel = receiver(frame.channel) else { return }
            let body = frame.payload.body_fragment
            let bytes = UnsafeRawBufferPointer(start: body.bytes, count: body.bytes == nil ? 0 : body.len)
            if let message = try channel.content.body(bytes) { arrived(message, on: channel) }
        default: break
        }
    }

    /// The channel that a content frame is for; nil: it is being closed, so frames are ignored.
    private func receiver(_ number: UInt16) -> ChannelState? {
        guard let channel = channel(number) else {
            fail(RabbitMQError.violation("content on the unused channel \(number)"))
            return nil
        }
        return channel.isOpen ? channel : nil
    }

    private func arrived(_ message: ContentAssembler.Message, on channel: ChannelState) {
        let id = ChannelID(number: channel.number)
        if let reason = message.skipped {
            var tag: UInt64?
            if case .delivery(_, let deliveryTag, _) = message.head { tag = deliveryTag }
            emit(
                .skipped(
                    SkippedMessage(
                        channel: id, reason: reason, deliveryTag: tag, exchange: message.exchange,
                        routingKey: message.routingKey, bodySize: message.bodySize)))
            return
        }
        switch message.head {
        case .delivery(let consumerTag, let deliveryTag, let isRedelivered):
            deliveries.append(
                Delivery(
                    channel: id, consumerTag: consumerTag, deliveryTag: deliveryTag, isRedelivered: isRedelivered,
                    exchange: message.exchange, routingKey: message.routingKey, properties: message.properties,
                    body: message.body))
            if deliveries.count >= 256 { deliver() }
        case .returned(let code, let text):
            let returned = ReturnedMessage(
                channel: id, replyCode: code, replyText: text, exchange: message.exchange,
                routingKey: message.routingKey, properties: message.properties, body: message.body)
            if !channel.confirms.returned(returned) { emit(.returned(returned)) }
        }
    }
}

internal import CMqantRabbitMQ
internal import NIOCore

/// Gives each frame that arrives to its channel, and does what the channel decides. Not Sendable: the owner thread's.
final class FrameDispatcher {
    private let channels: ChannelTable
    private let writer: FrameWriter
    private let events: EventOutput
    private var strings = StringCache()

    init(channels: ChannelTable, writer: FrameWriter, events: EventOutput) {
        self.channels = channels
        self.writer = writer
        self.events = events
    }

    /// What the frame points to is valid only during this call.
    /// - Returns: a method of the connection itself, for its core.
    func dispatch(_ frame: inout amqp_frame_t) throws(RabbitMQError) -> ConnectionMethod? {
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD:
            let (id, decoded) = (frame.payload.method.id, frame.payload.method.decoded)
            if frame.channel == 0 { return try ConnectionMethod(id, decoded, strings: &strings) }
            guard let channel = channels[frame.channel] else {
                throw .violation("a method on the unused channel \(frame.channel)")
            }
            guard let method = ChannelMethod(id, decoded, on: channel.id, strings: &strings) else { break }
            try react(try channel.receive(method), on: channel)
        case AMQP_FRAME_HEADER:
            guard let channel = try receiver(frame.channel) else { break }
            let header = frame.payload.properties
            guard header.class_id == MethodID.basicClass, let decoded = header.decoded else {
                throw .violation("a content header of class \(header.class_id)")
            }
            let properties = BasicProperties(
                decoding: decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee, strings: &strings)
            if let message = try channel.receiveHeader(bodySize: header.body_size, properties) {
                arrived(message, on: channel)
            }
        case AMQP_FRAME_BODY:
            guard let channel = try receiver(frame.channel) else { break }
            let body = frame.payload.body_fragment
            let bytes = UnsafeRawBufferPointer(start: body.bytes, count: body.bytes == nil ? 0 : body.len)
            if let message = try channel.receiveBody(bytes) { arrived(message, on: channel) }
        default: break
        }
        return nil
    }

    /// The channel that a content frame is for; nil: it is being closed, so the frame is ignored.
    private func receiver(_ number: UInt16) throws(RabbitMQError) -> ChannelState? {
        guard let channel = channels[number] else { throw .violation("content on the unused channel \(number)") }
        return channel.isOpen ? channel : nil
    }

    private func react(_ reaction: ChannelState.Reaction, on channel: ChannelState) throws(RabbitMQError) {
        switch reaction {
        case .nothing: break
        case .settled(let answer):
            while let settlement = channel.nextSettlement(answer) { settlement.waiter?.succeed(settlement.outcome) }
        case .reply(let waiter, let reply):
            guard let waiter else { break }
            let isTold = waiter.succeed(reply)
            if case .channel = reply, channel.opened(isTold: isTold) {
                channel.willSend(.channelClose, waiter: nil)
                try writer.send(.channelClose, on: channel.id)
            }
        case .ended(let waiter):
            channels.remove(channel.id)
            channel.failWaiters(RabbitMQError(.closedLocally, "the channel was closed", outcome: .unknown))
            waiter?.succeed(.done)
        case .consumerCancelled(let tag, let expectsAnswer):
            if expectsAnswer { try writer.answerCancel(channel.id, tag: tag) }
            events.emit(.consumerCancelled(channel.id, tag: tag))
        case .closedByBroker(let error):
            try writer.answerChannelClose(channel.id)
            channel.failWaiters(error)
            events.emit(.channelClosed(channel.id, error))
        case .crossedClose:
            try writer.answerChannelClose(channel.id)
        }
    }

    private func arrived(_ message: ContentAssembler.Message, on channel: ChannelState) {
        let id = channel.id
        if let reason = message.skipped {
            var tag: UInt64?
            if case .delivery(_, let deliveryTag, _) = message.head { tag = deliveryTag }
            events.emit(
                .skipped(
                    SkippedMessage(
                        channel: id, reason: reason, deliveryTag: tag, exchange: message.exchange,
                        routingKey: message.routingKey, bodySize: message.bodySize)))
            return
        }
        switch message.head {
        case .delivery(let consumerTag, let deliveryTag, let isRedelivered):
            events.append(
                Delivery(
                    channel: id, consumerTag: consumerTag, deliveryTag: deliveryTag, isRedelivered: isRedelivered,
                    exchange: message.exchange, routingKey: message.routingKey, properties: message.properties,
                    body: message.body))
        case .returned(let code, let text):
            let returned = ReturnedMessage(
                channel: id, replyCode: code, replyText: text, exchange: message.exchange,
                routingKey: message.routingKey, properties: message.properties, body: message.body)
            if !channel.receiveReturn(returned) { events.emit(.returned(returned)) }
        }
    }
}

internal import CMqantRabbitMQ

/// A method that the broker sent on a channel, as a Swift value.
enum ChannelMethod {
    /// basic.deliver or basic.return: header and body follow.
    case content(ContentAssembler.Head, exchange: String, routingKey: String)
    /// basic.ack or basic.nack.
    case settle(tag: UInt64, multiple: Bool, refused: Bool)
    /// basic.cancel: the broker ended a consumer.
    case cancel(tag: String, expectsAnswer: Bool)
    case close(code: UInt16, text: String)
    /// The -ok of a request, or a method that nothing asks for.
    case answer(UInt32, Reply)

    /// nil: its arguments are missing.
    init?(_ id: UInt32, _ decoded: UnsafeMutableRawPointer?, on channel: ChannelID, strings: inout StringCache) {
        switch id {
        case MethodID.deliver:
            guard let method = decoded.structure(amqp_basic_deliver_t.self) else { return nil }
            let head = ContentAssembler.Head.delivery(
                consumerTag: strings.string(method.consumer_tag), deliveryTag: method.delivery_tag,
                isRedelivered: method.redelivered != 0)
            self = .content(
                head, exchange: strings.string(method.exchange), routingKey: strings.string(method.routing_key))
        case MethodID.returned:
            guard let method = decoded.structure(amqp_basic_return_t.self) else { return nil }
            self = .content(
                .returned(code: method.reply_code, text: strings.string(method.reply_text)),
                exchange: strings.string(method.exchange), routingKey: strings.string(method.routing_key))
        case MethodID.acknowledge:
            guard let method = decoded.structure(amqp_basic_ack_t.self) else { return nil }
            self = .settle(tag: method.delivery_tag, multiple: method.multiple != 0, refused: false)
        case MethodID.negativeAcknowledge:
            guard let method = decoded.structure(amqp_basic_nack_t.self) else { return nil }
            self = .settle(tag: method.delivery_tag, multiple: method.multiple != 0, refused: true)
        case MethodID.cancel:
            guard let method = decoded.structure(amqp_basic_cancel_t.self) else { return nil }
            self = .cancel(tag: strings.string(method.consumer_tag), expectsAnswer: method.nowait == 0)
        case MethodID.channelClose:
            guard let method = decoded.structure(amqp_channel_close_t.self) else { return nil }
            self = .close(code: method.reply_code, text: strings.string(method.reply_text))
        default:
            self = .answer(id, Reply(id, decoded, on: channel, strings: &strings))
        }
    }
}

extension Reply {
    fileprivate init(
        _ id: UInt32, _ decoded: UnsafeMutableRawPointer?, on channel: ChannelID, strings: inout StringCache
    ) {
        self = .done
        switch id {
        case MethodID.channelOpenOK, MethodID.confirmSelectOK:
            self = .channel(channel)
        case MethodID.queueDeclareOK:
            guard let method = decoded.structure(amqp_queue_declare_ok_t.self) else { return }
            self = .queue(
                QueueStatus(
                    name: strings.string(method.queue), messageCount: method.message_count,
                    consumerCount: method.consumer_count))
        case MethodID.queueDeleteOK:
            guard let method = decoded.structure(amqp_queue_delete_ok_t.self) else { return }
            self = .messageCount(method.message_count)
        case MethodID.queuePurgeOK:
            guard let method = decoded.structure(amqp_queue_purge_ok_t.self) else { return }
            self = .messageCount(method.message_count)
        case MethodID.consumeOK:
            guard let method = decoded.structure(amqp_basic_consume_ok_t.self) else { return }
            self = .consumer(tag: strings.string(method.consumer_tag))
        default: break
        }
    }
}

extension UnsafeMutableRawPointer? {
    /// The library's structure for a method's arguments; nil: there are none.
    func structure<Method>(_ type: Method.Type) -> Method? {
        self?.assumingMemoryBound(to: type).pointee
    }
}

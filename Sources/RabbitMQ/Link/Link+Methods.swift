internal import CMqantRabbitMQ
internal import NIOCore

extension Link {
    func handleMethod(_ number: UInt16, _ id: UInt32, _ decoded: UnsafeMutableRawPointer?) throws(RabbitMQError) {
        if number == 0 {
            try handleConnectionMethod(id, decoded)
            return
        }
        guard let channel = channel(number) else {
            throw RabbitMQError.violation("a method on the unused channel \(number)")
        }
        switch channel.phase {
        case .open: break
        case .closing:
            // Answers to what was asked before are still worth something; the rest may be ignored.
            if id == MethodID.channelClose { try answerChannelClose(number) }
            if channel.expected.first?.answer == id { try answered(id, decoded, on: channel) }
            return
        case .closed: return
        }
        guard channel.content.isBetweenMessages else { throw RabbitMQError.violation("a method inside a message") }
        switch id {
        case MethodID.deliver:
            guard let method = Self.structure(amqp_basic_deliver_t.self, decoded) else { break }
            let head = ContentAssembler.Head.delivery(
                consumerTag: strings.string(method.consumer_tag), deliveryTag: method.delivery_tag,
                isRedelivered: method.redelivered != 0)
            try channel.content.begin(
                head, exchange: strings.string(method.exchange), routingKey: strings.string(method.routing_key))
        case MethodID.returned:
            guard let method = Self.structure(amqp_basic_return_t.self, decoded) else { break }
            try channel.content.begin(
                .returned(code: method.reply_code, text: strings.string(method.reply_text)),
                exchange: strings.string(method.exchange), routingKey: strings.string(method.routing_key))
        case MethodID.acknowledge:
            guard let method = Self.structure(amqp_basic_ack_t.self, decoded) else { break }
            channel.confirms.settle(method.delivery_tag, multiple: method.multiple != 0, refused: false)
        case MethodID.negativeAcknowledge:
            guard let method = Self.structure(amqp_basic_nack_t.self, decoded) else { break }
            channel.confirms.settle(method.delivery_tag, multiple: method.multiple != 0, refused: true)
        case MethodID.cancel:
            guard let method = Self.structure(amqp_basic_cancel_t.self, decoded) else { break }
            try consumerCancelled(method, on: channel)
        case MethodID.channelClose:
            guard let method = Self.structure(amqp_channel_close_t.self, decoded) else { break }
            try channelClosed(channel, code: method.reply_code, text: strings.string(method.reply_text))
        default:
            try answered(id, decoded, on: channel)
        }
    }

    private static func structure<Method>(_ type: Method.Type, _ decoded: UnsafeMutableRawPointer?) -> Method? {
        decoded?.assumingMemoryBound(to: type).pointee
    }

    /// Matches an -ok with the oldest request: AMQP answers the methods of a channel in their order.
    private func answered(
        _ id: UInt32, _ decoded: UnsafeMutableRawPointer?, on channel: ChannelState
    ) throws(RabbitMQError) {
        guard let expected = channel.expected.first, expected.answer == id else {
            throw RabbitMQError.violation("the method \(id >> 16).\(id & 0xffff), which nothing asked for")
        }
        channel.expected.removeFirst()
        var reply = Reply.done
        switch id {
        case MethodID.channelOpenOK, MethodID.confirmSelectOK:
            reply = .channel(ChannelID(number: channel.number))
        case MethodID.channelCloseOK:
            channels[Int(channel.number)] = nil
            channel.fail(RabbitMQError(.closedLocally, "the channel was closed", outcome: .unknown))
        case MethodID.queueDeclareOK:
            if let method = Self.structure(amqp_queue_declare_ok_t.self, decoded) {
                reply = .queue(
                    QueueStatus(
                        name: strings.string(method.queue), messageCount: method.message_count,
                        consumerCount: method.consumer_count))
            }
        case MethodID.queueDeleteOK:
            if let method = Self.structure(amqp_queue_delete_ok_t.self, decoded) {
                reply = .messageCount(method.message_count)
            }
        case MethodID.queuePurgeOK:
            if let method = Self.structure(amqp_queue_purge_ok_t.self, decoded) {
                reply = .messageCount(method.message_count)
            }
        case MethodID.consumeOK:
            if let method = Self.structure(amqp_basic_consume_ok_t.self, decoded) {
                reply = .consumer(tag: strings.string(method.consumer_tag))
            }
        default: break
        }
        guard let waiter = expected.waiter else { return }
        let isTold = waiter.succeed(reply)
        if case .channel = reply, !channel.isAdopted {
            channel.isAdopted = true
            // Whoever opened it waits no longer, and nobody else could ever close it.
            if !isTold {
                channel.phase = .closing
                try send(.channelClose, on: channel, waiter: nil)
            }
        }
    }

    private func consumerCancelled(_ method: amqp_basic_cancel_t, on channel: ChannelState) throws(RabbitMQError) {
        let tag = strings.string(method.consumer_tag)
        if method.nowait == 0 {
            var answer = amqp_basic_cancel_ok_t()
            answer.consumer_tag = method.consumer_tag
            try transport.sendMethod(channel.number, MethodID.cancelOK, &answer)
        }
        emit(.consumerCancelled(ChannelID(number: channel.number), tag: tag))
    }

    private func channelClosed(_ channel: ChannelState, code: UInt16, text: String) throws(RabbitMQError) {
        let error = RabbitMQError(
            .channelClosed, "the broker closed the channel", outcome: .unknown, replyCode: code, replyText: text)
        channel.phase = .closed(error)
        try answerChannelClose(channel.number)
        channel.fail(error)
        emit(.channelClosed(ChannelID(number: channel.number), error))
    }

    private func answerChannelClose(_ number: UInt16) throws(RabbitMQError) {
        var answer = amqp_channel_close_ok_t()
        try transport.sendMethod(number, MethodID.channelCloseOK, &answer)
    }

    // MARK: Channel 0

    private func handleConnectionMethod(_ id: UInt32, _ decoded: UnsafeMutableRawPointer?) throws(RabbitMQError) {
        switch id {
        case MethodID.connectionBlocked:
            let method = Self.structure(amqp_connection_blocked_t.self, decoded)
            blocked = true
            emit(.blocked(reason: method.map { strings.string($0.reason) } ?? ""))
        case MethodID.connectionUnblocked:
            blocked = false
            emit(.unblocked)
        case MethodID.connectionClose:
            let method = Self.structure(amqp_connection_close_t.self, decoded)
            // The first failure counts: that the answer may not reach a broker that has gone already does not matter.
            fail(
                RabbitMQError(
                    .connectionClosed, "the broker closed the connection", outcome: .unknown,
                    replyCode: method?.reply_code, replyText: method.map { strings.string($0.reply_text) }))
            var answer = amqp_connection_close_ok_t()
            try transport.sendMethod(0, MethodID.connectionCloseOK, &answer)
            try transport.flush(.now)
        case MethodID.connectionCloseOK:
            guard case .closing = phase else { throw RabbitMQError.violation("an unasked connection.close-ok") }
            throw RabbitMQError(.closedLocally, "the connection was closed", outcome: .unknown)
        default:
            throw RabbitMQError.violation("the method \(id >> 16).\(id & 0xffff) on channel 0")
        }
    }
}

internal import CMqantRabbitMQ
internal import NIOCore

extension Link {
    /// Publishes from the owner thread itself: written into the output buffer at once, or held back like any other.
    ///
    /// The message has been validated.
    func publishHere(
        _ message: OutgoingMessage, on id: ChannelID, waiter: Waiter<PublishOutcome>?
    ) throws(RabbitMQError) {
        if let failure { throw failure.with(outcome: .notSent) }
        guard case .open = phase else { throw RabbitMQError(.closedLocally, "the connection was closed") }
        guard let channel = channel(id.number), channel.isOpen else {
            throw channel(id.number)?.obstacle ?? RabbitMQError(.closedLocally, "the channel was closed")
        }
        guard held.isEmpty, mayPublish else {
            // Through the inbox, whose bounds count what is held too.
            try connection.inbox.append(.publish(id, message, waiter))
            return
        }
        if let waiter { note(waiter.deadline) }
        do {
            try write(message, on: channel, waiter: waiter)
            // The broker works on the first while the rest of a large batch is being encoded.
            if transport.pendingBytes >= 64 * 1024 { try flush(.now) }
        } catch {
            fail(error)
            guard let waiter else { throw error }
            waiter.fail(error)
        }
    }

    /// Encodes method, header and body frames (AMQP 0-9-1 §4.2.6). An error means that the connection is lost.
    func write(
        _ message: OutgoingMessage, on channel: ChannelState, waiter: Waiter<PublishOutcome>?
    ) throws(RabbitMQError) {
        defer { pool.recycle() }
        var properties = try message.properties.encoded(in: pool)
        if channel.isConfirming {
            let messageID = message.properties.messageID ?? "\(channel.confirms.nextSequence)"
            if waiter != nil, message.properties.messageID == nil {
                properties.message_id = try pool.bytes(messageID)
                properties._flags |= UInt32(AMQP_BASIC_MESSAGE_ID_FLAG)
            }
            channel.confirms.append(messageID: messageID, waiter: waiter)
        } else if let waiter {
            waiter.fail(RabbitMQError(.invalidArgument, "the channel was not opened for confirmations"))
            return
        }
        var method = amqp_basic_publish_t()
        method.exchange = try pool.bytes(message.exchange)
        method.routing_key = try pool.bytes(message.routingKey)
        method.mandatory = message.isMandatory ? 1 : 0
        try transport.sendMethod(channel.number, MethodID.publish, &method)
        try writeHeader(&properties, bodySize: message.body.readableBytes, channel.number)
        try writeBody(message.body, channel.number)
    }

    private func writeHeader(
        _ properties: inout amqp_basic_properties_t, bodySize: Int, _ channel: UInt16
    ) throws(RabbitMQError) {
        try withUnsafeMutablePointer(to: &properties) { (pointer) throws(RabbitMQError) in
            var frame = amqp_frame_t()
            frame.frame_type = UInt8(AMQP_FRAME_HEADER)
            frame.channel = channel
            frame.payload.properties.class_id = MethodID.basicClass
            frame.payload.properties.body_size = UInt64(clamping: bodySize)
            frame.payload.properties.decoded = UnsafeMutableRawPointer(pointer)
            try transport.send(&frame)
        }
    }

    private func writeBody(_ body: ByteBuffer, _ channel: UInt16) throws(RabbitMQError) {
        // NIO's closure cannot throw a typed error, so the result travels as a value.
        let result = body.withUnsafeReadableBytes { bytes -> Result<Void, RabbitMQError> in
            var offset = 0
            let largest = frameMaximum - FrameEnvelope.overhead
            while offset < bytes.count {
                let part = UnsafeRawBufferPointer(rebasing: bytes[offset..<min(bytes.count, offset + largest)])
                var frame = amqp_frame_t()
                frame.frame_type = UInt8(AMQP_FRAME_BODY)
                frame.channel = channel
                // The library only reads from it.
                frame.payload.body_fragment = amqp_bytes_t(
                    len: part.count, bytes: UnsafeMutableRawPointer(mutating: part.baseAddress))
                do throws(RabbitMQError) {
                    try transport.send(&frame)
                } catch {
                    return .failure(error)
                }
                offset += part.count
            }
            return .success(())
        }
        try result.get()
    }
}

internal import CMqantRabbitMQ
internal import NIOCore

/// Encodes messages and methods for a connection's transport. An error means that the connection is lost.
struct FrameWriter {
    let transport: any FrameTransport
    /// Bytes, negotiated.
    let frameMaximum: Int
    private let pool = ScratchPool()

    init(transport: any FrameTransport, frameMaximum: Int) {
        self.transport = transport
        self.frameMaximum = frameMaximum
    }

    // MARK: Messages

    /// Writes method, header and body frames (AMQP 0-9-1 §4.2.6).
    /// - Parameter messageID: the message id, if the message has none of its own.
    func publish(_ message: OutgoingMessage, messageID: String?, on channel: ChannelID) throws(RabbitMQError) {
        defer { pool.recycle() }
        var properties = try message.properties.encoded(in: pool)
        if let messageID {
            properties.message_id = try pool.bytes(messageID)
            properties._flags |= UInt32(AMQP_BASIC_MESSAGE_ID_FLAG)
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

    // MARK: Methods

    func send(_ request: Request, on channel: ChannelID) throws(RabbitMQError) {
        defer { pool.recycle() }
        try request.send(on: channel.number, over: transport, pool: pool)
    }

    func answerChannelClose(_ channel: ChannelID) throws(RabbitMQError) {
        var answer = amqp_channel_close_ok_t()
        try transport.sendMethod(channel.number, MethodID.channelCloseOK, &answer)
    }

    func answerCancel(_ channel: ChannelID, tag: String) throws(RabbitMQError) {
        defer { pool.recycle() }
        var answer = amqp_basic_cancel_ok_t()
        answer.consumer_tag = try pool.bytes(tag)
        try transport.sendMethod(channel.number, MethodID.cancelOK, &answer)
    }

    // MARK: The connection

    func closeConnection(code: UInt16 = UInt16(AMQP_REPLY_SUCCESS), text: String = "") throws(RabbitMQError) {
        defer { pool.recycle() }
        var method = amqp_connection_close_t()
        method.reply_code = code
        method.reply_text = try pool.bytes(text)
        try transport.sendMethod(0, MethodID.connectionClose, &method)
    }

    func answerConnectionClose() throws(RabbitMQError) {
        var answer = amqp_connection_close_ok_t()
        try transport.sendMethod(0, MethodID.connectionCloseOK, &answer)
    }

    func heartbeat() throws(RabbitMQError) {
        var frame = amqp_frame_t()
        frame.frame_type = UInt8(AMQP_FRAME_HEARTBEAT)
        try transport.send(&frame)
    }
}

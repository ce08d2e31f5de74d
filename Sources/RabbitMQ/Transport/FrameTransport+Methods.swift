internal import CMqantRabbitMQ

extension FrameTransport {
    /// Sends a method whose arguments are `method`, the library's structure for `id`.
    func sendMethod<Method>(_ channel: UInt16, _ id: UInt32, _ method: inout Method) throws(RabbitMQError) {
        try withUnsafeMutablePointer(to: &method) { (pointer) throws(RabbitMQError) in
            var frame = amqp_frame_t()
            frame.frame_type = UInt8(AMQP_FRAME_METHOD)
            frame.channel = channel
            frame.payload.method.id = id
            frame.payload.method.decoded = UnsafeMutableRawPointer(pointer)
            try send(&frame)
        }
    }
}

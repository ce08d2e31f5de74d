internal import CMqantRabbitMQ
import Glibc

extension ConnectionState {
    /// Whether the library holds no bytes and no part of a frame.
    var isBetweenFrames: Bool {
        withState { state in
            amqp_frames_enqueued(state) == 0 && amqp_data_in_buffer(state) == 0 && amqp_release_buffers_ok(state) != 0
        }
    }

    /// Takes frames that have arrived from the library until it says that there are no more.
    ///
    /// True: `limit` was reached first. Then bytes may wait inside the library or the TLS session, where `poll` cannot
    /// see them, so the caller must come again without waiting.
    func receiveFrames(
        limit: Int, _ handle: (inout amqp_frame_t) throws(RabbitMQError) -> Void
    ) throws(RabbitMQError) -> Bool {
        try withState { (state) throws(RabbitMQError) -> Bool in
            // Frames were copied into Swift values when they were handled; their memory can be used again.
            defer { amqp_maybe_release_buffers(state) }
            for _ in 0..<limit {
                var frame = amqp_frame_t()
                var immediately = timeval(tv_sec: 0, tv_usec: 0)
                let status = amqp_simple_wait_frame_noblock(state, &frame, &immediately)
                if status == Int32(AMQP_STATUS_TIMEOUT.rawValue) { return false }
                guard status == Int32(AMQP_STATUS_OK.rawValue) else {
                    throw LibraryStatus(code: status).asConnectionError
                }
                try handle(&frame)
            }
            return true
        }
    }
}

internal import CMqantRabbitMQ
import Glibc

/// TLS: the library writes and reads, for it does not lend its session to anybody.
///
/// `amqp_send_frame` waits when the socket is full. Such a wait is bounded from outside: `StuckSendWatch` reads
/// `SendClock` and cuts the socket. The small packets of frames sent singly are held together by TCP_CORK until the
/// end of the pass.
final class LibraryTransport: FrameTransport {
    let descriptor: Int32
    private let state: ConnectionState
    private let clock = SendClock()
    private var isCorked = false

    init(state: ConnectionState, descriptor: Int32, socket: SocketGuard, sendLimit: Duration) {
        self.state = state
        self.descriptor = descriptor
        StuckSendWatch.shared.add(clock, socket, limit: sendLimit)
    }

    deinit {
        StuckSendWatch.shared.remove(clock)
    }

    /// Sent since the socket was last looked at. A broker that blocks says so before it stops reading; to see that in
    /// time, no more is sent at a stretch than the kernel can hold.
    private(set) var pendingBytes = 0
    var neverWaits: Bool { false }
    var awaitsSocket: Bool { false }

    func beginPass() { pendingBytes = 0 }

    var stalledSince: MonotonicTime? { nil }

    func send(_ frame: inout amqp_frame_t) throws(RabbitMQError) {
        if !isCorked { cork(true) }
        clock.begin()
        defer { clock.end() }
        pendingBytes += FrameEnvelope.overhead
        if Int32(frame.frame_type) == AMQP_FRAME_BODY { pendingBytes += frame.payload.body_fragment.len }
        let status = state.withState { amqp_send_frame($0, &frame) }
        if status < 0 { throw LibraryStatus(code: status).asConnectionError }
    }

    func flush(_ now: MonotonicTime) throws(RabbitMQError) {
        if isCorked { cork(false) }
    }

    func receive(_ handle: (inout amqp_frame_t) throws(RabbitMQError) -> Void) throws(RabbitMQError) -> Bool {
        try state.receiveFrames(limit: 1000, handle)
    }

    /// A refusal costs packets, not correctness, so it is not looked at.
    private func cork(_ on: Bool) {
        var value: Int32 = on ? 1 : 0
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<Int32>.size))
        isCorked = on
    }
}

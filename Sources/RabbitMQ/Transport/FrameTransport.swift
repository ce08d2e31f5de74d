internal import CMqantRabbitMQ

/// Moves frames between a logged-in connection and its socket, never waiting for the network longer than it must.
///
/// Two kinds: `SocketTransport` for plain TCP (own buffers, one system call for many frames, never blocks) and
/// `LibraryTransport` for TLS, where only the library can reach the session. One thread's, like the state beneath.
protocol FrameTransport: AnyObject {
    /// For `poll`.
    var descriptor: Int32 { get }

    /// Whether no call ever waits for the network.
    var neverWaits: Bool { get }

    /// What `send` has accepted and is not known to have left: the caller stops publishing above a bound.
    var pendingBytes: Int { get }

    /// Whether the socket must become writable for more to leave.
    var awaitsSocket: Bool { get }

    /// The socket has been read, or had nothing to read.
    func beginPass()

    /// When the kernel last took something of a backlog that is still there; nil: nothing waits.
    var stalledSince: MonotonicTime? { get }

    /// Takes a frame over; what it points to is not needed after the call. An error means that the connection is lost.
    func send(_ frame: inout amqp_frame_t) throws(RabbitMQError)

    /// Hands the kernel what it takes.
    func flush(_ now: MonotonicTime) throws(RabbitMQError)

    /// Passes on frames that have arrived, up to a bound that keeps a loop fair. True: there may be more right now.
    /// What a frame points to is valid only during the call of `handle`.
    func receive(_ handle: (inout amqp_frame_t) throws(RabbitMQError) -> Void) throws(RabbitMQError) -> Bool
}

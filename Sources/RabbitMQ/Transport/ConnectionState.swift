internal import CMqantRabbitMQ

/// The one owner of an `amqp_connection_state_t`, freed in `deinit` together with its socket.
///
/// Not Sendable: it is made, used and freed on the thread of one `ConnectionLoop`, as the library demands.
final class ConnectionState {
    private let raw: amqp_connection_state_t
    private let socket: SocketGuard
    /// Lives as long as the TLS session, whose callbacks look at it.
    var peer: TLSPeer?

    init(socket: SocketGuard) throws(RabbitMQError) {
        guard let raw = amqp_new_connection() else {
            throw RabbitMQError(.unreachable, "no memory for a connection")
        }
        self.raw = raw
        self.socket = socket
    }

    deinit {
        // Before the descriptor is closed and its number given to somebody else.
        socket.retire()
        amqp_destroy_connection(raw)
    }

    /// Lends the C object; the pointer must not outlive `body`.
    func withState<Result, Failure: Error>(
        _ body: (amqp_connection_state_t) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(raw)
    }
}

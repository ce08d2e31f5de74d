/// The owner thread of one connection, or of several.
///
/// An `amqp_connection_state_t` belongs to one thread at a time; this is that thread, but for the moments in which it
/// sleeps and another borrows its connections to write (`LoopCore.borrow`). A node gives one loop both its
/// publishing and its consuming connection: sockets of its own keep a blocked publisher from stopping deliveries, and
/// one thread means that a reply leaves without a hop. Nothing on a plain TCP connection makes the thread wait but
/// `poll`; opening a further connection does, for at most its connect timeout, and a full TLS socket.
///
/// The thread starts with the first connection, and ends when this object and the last connection are gone.
package final class ConnectionLoop: Sendable {
    let core: LoopCore

    /// `name`: of the thread, at most 15 bytes of it are kept.
    package init(name: String = "rabbitmq") throws(RabbitMQError) {
        core = try LoopCore(name: name)
    }

    deinit {
        core.stop()
    }

    /// Whether the caller is the owner, as handlers are.
    package var isCurrent: Bool { core.isCurrent }
}

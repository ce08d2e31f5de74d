internal import Logging
package import MqantAMQPURI

/// A connection to a RabbitMQ broker. All of its work happens on the thread of a `ConnectionLoop`; this is the handle
/// that any thread may use.
///
/// It does not reconnect: when `ConnectionEvent.closed` has come, it is over for good. It must be closed, else the
/// loop keeps it alive.
///
/// `@unchecked Sendable`: every stored property is immutable and Sendable but `core`, which is read and written by the
/// owner only, which holds the loop's lock: `attach` and `detach` are called by the loop, `onOwner` looks at it only
/// after comparing the calling thread with the owner, and `writeBorrowed` while it has borrowed the loop.
package final class Connection: @unchecked Sendable {
    package typealias Configuration = ConnectionConfiguration

    /// The one of the configured URIs that logged in.
    package let uri: AMQPURI
    /// The one of its host's addresses that answered.
    package let address: PeerAddress
    package let loop: ConnectionLoop
    let inbox: Inbox
    let socket: SocketGuard
    let maximumBodySize: Int
    /// Bytes, negotiated: the bound of a message's header and of a method's arguments.
    let frameMaximum: Int
    private var core: ConnectionCore?

    /// Bytes that the headers of one message may have: they go in one frame, with the other properties.
    package var headerSpace: Int { frameMaximum - 3072 }

    init(
        uri: AMQPURI, address: PeerAddress, loop: ConnectionLoop, socket: SocketGuard, frameMaximum: Int,
        configuration: Configuration
    ) {
        self.uri = uri
        self.address = address
        self.loop = loop
        self.socket = socket
        self.frameMaximum = frameMaximum
        maximumBodySize = configuration.maximumBodySize
        inbox = Inbox(maximumCount: configuration.queueCount, maximumBytes: configuration.queueBytes)
    }

    func attach(_ core: ConnectionCore) {
        self.core = core
    }

    func detach() {
        core = nil
    }

    /// The core, if the caller owns it at this moment. A thread that has borrowed the loop may write to one connection of
    /// it. Its operations on another one are queued for the loop, which else would not know of them.
    var onOwner: ConnectionCore? {
        guard loop.isCurrent, let core, core.isBorrowed || loop.core.isLoopThread else { return nil }
        return core
    }

    /// Queues an operation and wakes the owner thread, if it sleeps.
    func submit(_ operation: Operation) throws(RabbitMQError) {
        try inbox.append(operation)
        // On the loop's thread the queue is looked at before it sleeps.
        if !loop.core.isLoopThread { loop.core.wakeup.signal() }
    }

    /// Has `ConnectionHandlers.write` called soon: on the owner thread, where many requests make one call, or here and
    /// now if that thread sleeps and nothing has been sent for a moment.
    package func requestWrite() throws(RabbitMQError) {
        if let core = onOwner {
            core.requestWrite()
            if !loop.core.isLoopThread { loop.core.wakeup.signal() }
            return
        }
        if writeBorrowed() { return }
        try inbox.requestWrite()
        loop.core.wakeup.signal()
    }

    /// Writes on the calling thread: a sleeping thread takes longer to wake up than the whole of that.
    /// - Returns: whether it did.
    private func writeBorrowed() -> Bool {
        loop.core.borrow {
            guard let core, core.pullBorrowed(.now) else { return false }
            // What the loop did not know of when it went to sleep.
            if core.needsLoop { loop.core.wakeup.signal() }
            return true
        } ?? false
    }

    /// Whether a message published now would be written rather than held back. On the owner thread only; elsewhere
    /// always false.
    package var hasRoom: Bool {
        onOwner?.hasRoom ?? false
    }

    /// Writes what is queued, says goodbye and waits for the broker's answer, all of it at most `timeout`; then cuts.
    ///
    /// Messages held back because the broker blocks are not waited for: they come back as `ConnectionEvent.unsent`.
    package func close(timeout: Duration = .seconds(5)) async {
        let waiter = Waiter<Reply>(timeout: timeout)
        do {
            _ = try await waiter.wait { try submit(.close(waiter)) }
        } catch {
            // Over already, cancelled, or out of time: in each case nothing is left but to make sure.
            abort()
        }
    }

    /// Cuts the socket at once. From any thread, also while the owner thread is stuck in a send.
    package func abort() {
        socket.cut(RabbitMQError(.closedLocally, "the connection was cut", outcome: .unknown))
    }
}

internal import CMqantRabbitMQ
internal import Logging
internal import NIOCore

/// One connection as its owner thread has it: the C state, the channels, what waits to be written.
///
/// Not Sendable, and never seen by another thread: `ConnectionLoop` makes it, drives it and drops it.
final class Link {
    enum Phase {
        case open
        /// `connection.close` was sent.
        case closing(Waiter<Reply>)
    }

    let connection: Connection
    let configuration: Connection.Configuration
    let handlers: ConnectionHandlers
    let transport: any FrameTransport
    let frameMaximum: Int
    let channelMaximum: Int
    let heartbeat: Heartbeat
    let logger: Logger
    let pool = ScratchPool()
    var strings = StringCache()
    /// By number; index 0 is unused.
    var channels: [ChannelState?] = [nil]
    var phase = Phase.open
    var blocked = false
    /// The first error that ended the connection. The loop then calls `finish`.
    var failure: RabbitMQError?
    var deliveries: [Delivery] = []
    /// Publishes that wait for the broker or the socket, in order.
    var held = CircularBuffer<Operation>()
    /// Other operations that wait for the socket.
    var heldRequests = CircularBuffer<Operation>()
    var wantsWrite = false
    /// Bytes may wait where `poll` does not see them.
    var mayHaveMore = true
    var lastReceived: MonotonicTime
    var lastSent: MonotonicTime
    /// No deadline is earlier; recomputed when it passes.
    var earliestDeadline = MonotonicTime.distantFuture
    /// Whether this link is in the hands of a thread that has borrowed the loop.
    private(set) var isBorrowed = false
    /// Until when the loop sleeps at most.
    var plannedTimer = MonotonicTime.distantFuture
    /// What has been done of the inbox since the last `take`.
    var releasedCount = 0
    var releasedBytes = 0
    private var scratch: [Operation] = []

    init(
        connection: Connection, login: Login, configuration: Connection.Configuration, handlers: ConnectionHandlers,
        logger: Logger
    ) {
        self.connection = connection
        self.configuration = configuration
        self.handlers = handlers
        self.logger = logger
        transport = login.transport
        frameMaximum = login.frameMaximum
        channelMaximum = login.channelMaximum
        heartbeat = Heartbeat(interval: login.heartbeat)
        lastReceived = .now
        lastSent = lastReceived
    }

    /// Marks the connection as over; the first reason counts. Safe anywhere, also inside a handler's call.
    func fail(_ error: RabbitMQError) {
        if failure == nil { failure = error }
    }

    /// Runs `body` and takes its error for the end of the connection.
    func attempt(_ body: () throws(RabbitMQError) -> Void) {
        guard failure == nil else { return }
        do {
            try body()
        } catch {
            fail(error)
        }
    }

    func channel(_ number: UInt16) -> ChannelState? {
        Int(number) < channels.count ? channels[Int(number)] : nil
    }

    /// Takes what other threads have queued, and does what can be done now.
    func drain(_ now: MonotonicTime) {
        transport.beginPass()
        var operations: [Operation] = []
        swap(&operations, &scratch)
        if connection.inbox.take(into: &operations, releasing: releasedCount, releasedBytes) { wantsWrite = true }
        releasedCount = 0
        releasedBytes = 0
        attempt { () throws(RabbitMQError) in try resumeHeld() }
        for operation in operations {
            guard failure == nil else {
                held.append(operation)
                continue
            }
            attempt { () throws(RabbitMQError) in try accept(operation) }
        }
        operations.removeAll(keepingCapacity: operations.capacity <= 4096)
        swap(&operations, &scratch)
        pull()
        attempt { () throws(RabbitMQError) in try flush(now) }
    }

    /// Lets the layer above write, if it asked to and there is room.
    private func pull() {
        guard wantsWrite, failure == nil, case .open = phase, let write = handlers.write else { return }
        if held.isEmpty, mayPublish { wantsWrite = write(connection) }
    }

    /// A thread that has borrowed the loop writes by itself only after so many nanoseconds without sending: what comes
    /// closer together is left to the loop, which sends it together.
    private static let lull: UInt64 = 100_000

    /// Lets the layer above write on a thread that has borrowed the loop. False: it did not, and the loop shall.
    func pullBorrowed(_ now: MonotonicTime) -> Bool {
        guard transport.neverWaits, now >= lastSent.advanced(by: Self.lull), held.isEmpty, mayPublish, !wantsWrite,
            failure == nil, case .open = phase
        else { return false }
        isBorrowed = true
        defer { isBorrowed = false }
        wantsWrite = true
        pull()
        attempt { () throws(RabbitMQError) in try flush(now) }
        return true
    }

    /// Whether a loop that sleeps has something to do, or must sleep in another way.
    var needsLoop: Bool { hasWork() || transport.awaitsSocket || nextTimer < plannedTimer }

    /// Whether a message may be written now.
    var mayPublish: Bool {
        !blocked && transport.pendingBytes < configuration.outputLimit
    }

    /// Whether any other method may be written now: a socket that takes nothing must not make the buffer grow forever.
    var maySend: Bool {
        transport.pendingBytes < 2 * configuration.outputLimit
    }

    /// Whether the loop must come again at once. Tells the inbox what has been done, so that it is exact while asleep.
    func hasWork() -> Bool {
        let isIdle = connection.inbox.release(releasedCount, releasedBytes)
        releasedCount = 0
        releasedBytes = 0
        if !isIdle || failure != nil || mayHaveMore { return true }
        // With nothing left for the socket to take, the next pass begins with room.
        if let next = heldRequests.first, !mustFollowHeld(next), maySend || !transport.awaitsSocket { return true }
        guard mayPublish || (!blocked && !transport.awaitsSocket) else { return false }
        return !held.isEmpty || (wantsWrite && handlers.write != nil)
    }

    func flush(_ now: MonotonicTime) throws(RabbitMQError) {
        if transport.pendingBytes > 0 { lastSent = now }
        try transport.flush(now)
    }

    /// Reads what has come and hands it out.
    func receive(_ now: MonotonicTime) {
        lastReceived = now
        attempt { () throws(RabbitMQError) in
            mayHaveMore = try transport.receive { (frame) throws(RabbitMQError) in
                if failure == nil { try handle(&frame) }
            }
        }
        deliver()
    }

    /// Hands the collected deliveries out. Before any other event, so that order is kept.
    func deliver() {
        guard !deliveries.isEmpty else { return }
        var batch: [Delivery] = []
        swap(&batch, &deliveries)
        handlers.deliveries(batch)
        // Back for the next batch, unless the handler kept the array.
        batch.removeAll(keepingCapacity: true)
        if deliveries.isEmpty { swap(&batch, &deliveries) }
    }

    func emit(_ event: ConnectionEvent) {
        deliver()
        handlers.event(event)
    }
}

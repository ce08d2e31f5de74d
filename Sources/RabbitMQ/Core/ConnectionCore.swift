internal import Logging
internal import MqantAMQPURI

/// One connection as its owner thread has it: it joins the socket with the channels, the publish queue and the timers.
///
/// Not Sendable. `LoopThread` drives it and drops it; another thread touches it only while it has borrowed the loop.
final class ConnectionCore {
    /// Bytes of output after which a large batch begins to leave while the rest is being encoded: the broker can start.
    private static let earlyFlush = 64 * 1024

    let transport: any FrameTransport
    private let uri: AMQPURI
    private let socket: SocketGuard
    private let handlers: CoreHandlers
    private let logger: Logger
    private let writer: FrameWriter
    private let events: EventOutput
    private let channels: ChannelTable
    private let operations: OperationDispatcher
    private let frames: FrameDispatcher
    private let queue: PublishQueue
    private var liveness: Liveness
    /// The layer above has something to write.
    private var wantsWrite = false
    /// Until when the loop sleeps at most.
    var plannedTimer = MonotonicTime.distantFuture
    /// Whether a thread that has borrowed the loop is at work here.
    private(set) var isBorrowed = false
    /// Bytes may wait where `poll` does not see them.
    private(set) var mayHaveMore = true
    /// The first error that ended the connection. The loop then calls `finish`.
    private(set) var failure: RabbitMQError?

    init(
        login: Login, uri: AMQPURI, socket: SocketGuard, inbox: Inbox, configuration: ConnectionConfiguration,
        handlers: CoreHandlers, logger: Logger
    ) {
        transport = login.transport
        self.uri = uri
        self.socket = socket
        self.handlers = handlers
        self.logger = logger
        writer = FrameWriter(transport: login.transport, frameMaximum: login.frameMaximum)
        events = EventOutput(handlers)
        channels = ChannelTable(maximum: login.channelMaximum, maximumBodySize: configuration.maximumBodySize)
        operations = OperationDispatcher(channels: channels, writer: writer, events: events)
        frames = FrameDispatcher(channels: channels, writer: writer, events: events)
        queue = PublishQueue(inbox, operations: operations, outputLimit: configuration.outputLimit)
        liveness = Liveness(heartbeat: login.heartbeat, stallLimit: configuration.sendStallLimit, now: .now)
    }

    /// Runs `body`, and takes its error for the end of the connection. Safe inside a handler's call.
    private func attempt(_ body: () throws(RabbitMQError) -> Void) {
        guard failure == nil else { return }
        do throws(RabbitMQError) { try body() } catch { fail(error) }
    }

    private func fail(_ error: RabbitMQError) {
        if failure == nil { failure = error }
    }

    // MARK: A pass of the loop

    /// Takes what other threads have queued, and does what can be done now.
    func drain(_ now: MonotonicTime) {
        transport.beginPass()
        let (queued, isWriteRequested) = queue.take()
        if isWriteRequested { wantsWrite = true }
        attempt { () throws(RabbitMQError) in try queue.resume() }
        for operation in queued {
            if failure == nil {
                attempt { () throws(RabbitMQError) in try queue.accept(operation) }
            } else {
                queue.keep(operation)
            }
        }
        queue.giveBack(queued)
        pull()
        flush(now)
    }

    /// Lets the layer above write, if it asked to and there is room.
    private func pull() {
        guard wantsWrite, failure == nil, queue.goodbye == nil, let write = handlers.write, queue.takesMessages else {
            return
        }
        wantsWrite = write()
    }

    /// Whether the loop must come again at once.
    func hasWork() -> Bool {
        queue.hasWork(isWriteWanted: wantsWrite && handlers.write != nil) || failure != nil || mayHaveMore
    }

    func flush(_ now: MonotonicTime) {
        attempt { () throws(RabbitMQError) in try flushOutput(now) }
    }

    private func flushOutput(_ now: MonotonicTime) throws(RabbitMQError) {
        if transport.pendingBytes > 0 { liveness.sent(now) }
        try transport.flush(now)
    }

    /// Reads what has come and hands it out.
    func receive(_ now: MonotonicTime) {
        liveness.received(now)
        attempt { () throws(RabbitMQError) in
            mayHaveMore = try transport.receive { (frame) throws(RabbitMQError) in
                if failure == nil, let method = try frames.dispatch(&frame) { try handle(method) }
            }
        }
        events.flush()
    }

    private func handle(_ method: ConnectionMethod) throws(RabbitMQError) {
        switch method {
        case .blocked(let reason):
            queue.isBlocked = true
            events.emit(.blocked(reason: reason))
        case .unblocked:
            queue.isBlocked = false
            events.emit(.unblocked)
        case .close(let code, let text):
            // Before the answer: whether that reaches the broker does not matter.
            fail(
                RabbitMQError(
                    .connectionClosed, "the broker closed the connection", outcome: .unknown, replyCode: code,
                    replyText: text))
            try writer.answerConnectionClose()
            try transport.flush(.now)
        case .closeOK:
            if queue.goodbye == nil { throw .violation("an unasked connection.close-ok") }
            throw RabbitMQError(.closedLocally, "the connection was closed", outcome: .unknown)
        }
    }

    // MARK: From the owner thread itself

    /// Whether a message published now would be written rather than held back.
    var hasRoom: Bool { failure == nil && queue.takesMessages }

    /// Has the layer above write in the next pass.
    func requestWrite() { wantsWrite = true }

    /// Publishes a valid message: into the output at once, or held back like any other.
    func publish(
        _ message: OutgoingMessage, on id: ChannelID, waiter: Waiter<PublishOutcome>?
    ) throws(RabbitMQError) {
        if let failure { throw failure.with(outcome: .notSent) }
        guard queue.goodbye == nil else { throw RabbitMQError(.closedLocally, "the connection was closed") }
        guard let channel = try queue.admit(id, isMessage: true, else: .publish(id, message, waiter)) else { return }
        if let waiter { queue.note(waiter.deadline) }
        do throws(RabbitMQError) {
            try operations.publish(message, on: channel, waiter: waiter)
            if transport.pendingBytes >= Self.earlyFlush { try flushOutput(.now) }
        } catch {
            fail(error)
            guard let waiter else { throw error }
            waiter.fail(error)
        }
    }

    /// Writes a method without an answer: an acknowledgement.
    func tell(_ request: Request, on id: ChannelID) throws(RabbitMQError) {
        if let failure { throw failure.with(outcome: .notSent) }
        guard let channel = try queue.admit(id, isMessage: false, else: .tell(id, request)) else { return }
        do throws(RabbitMQError) {
            try operations.send(request, on: channel, waiter: nil)
        } catch {
            fail(error)
            throw error
        }
    }

    // MARK: Timers

    /// nil while the broker blocks, for it may then stop reading for as long as it likes.
    private var stalledSince: MonotonicTime? { queue.isBlocked ? nil : transport.stalledSince }

    /// When this connection next needs to be looked at though nothing has come.
    var nextTimer: MonotonicTime { min(queue.earliestDeadline, liveness.nextCheck(stalledSince: stalledSince)) }

    func checkTimers(_ now: MonotonicTime) {
        attempt { () throws(RabbitMQError) in
            if let goodbye = queue.goodbye, now >= goodbye.deadline {
                throw RabbitMQError(
                    .closedLocally, "the broker did not answer connection.close in time", outcome: .unknown)
            }
            if try liveness.check(now, stalledSince: stalledSince), transport.pendingBytes == 0 {
                try writer.heartbeat()
                try transport.flush(now)
            }
            queue.expire(now)
        }
    }

    // MARK: Borrowing

    /// A thread that has borrowed the loop writes by itself only after so many nanoseconds without sending: what comes
    /// closer together is left to the loop, which sends it together.
    private static let lull: UInt64 = 100_000

    /// Lets the layer above write on a thread that has borrowed the loop. False: it did not, and the loop shall.
    func pullBorrowed(_ now: MonotonicTime) -> Bool {
        guard transport.neverWaits, now >= liveness.lastSent.advanced(by: Self.lull), hasRoom, !wantsWrite,
            queue.goodbye == nil
        else { return false }
        isBorrowed = true
        defer { isBorrowed = false }
        wantsWrite = true
        pull()
        flush(now)
        return true
    }

    /// Whether a loop that sleeps has something to do, or must sleep in another way.
    var needsLoop: Bool { hasWork() || transport.awaitsSocket || nextTimer < plannedTimer }

    // MARK: The end

    /// The connection is over: everybody who waits is told, then the event, then nothing more.
    ///
    /// The C state dies with this object, which the loop drops after this.
    func finish() {
        // What the library reports of a socket that was cut on purpose is not the reason.
        let error =
            socket.cutReason ?? failure
            ?? RabbitMQError(.closedLocally, "the connection was closed", outcome: .unknown)
        failure = error
        events.flush()
        if error.code == .protocolViolation { sendFarewell(error) }
        for channel in channels.all { channel.connectionEnded(error) }
        queue.end(error)
        logger.debug("connection ended", metadata: ["uri": "\(uri)", "reason": "\(error)"])
        events.emit(.closed(error))
        handlers.ended()
    }

    /// Tells a peer that broke the rules why it is left. Nobody waits for its answer.
    private func sendFarewell(_ error: RabbitMQError) {
        do throws(RabbitMQError) {
            try writer.closeConnection(code: error.replyCode ?? 501, text: error.replyText ?? "FRAME_ERROR")
            try transport.flush(.now)
        } catch {
            logger.trace("farewell not sent", metadata: ["reason": "\(error)"])
        }
    }
}

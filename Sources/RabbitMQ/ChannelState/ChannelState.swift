internal import NIOCore

/// One channel as the broker and this side have left it: its phase, the requests that await an answer, the message that
/// is being received, the messages that await a confirmation.
///
/// It decides and does no I/O: `receive` returns a `Reaction` for its owner. Not Sendable: the owner thread's.
final class ChannelState {
    private enum Phase {
        /// Usable. `channel.open` may still be on its way: AMQP allows to send behind it.
        case open
        /// `channel.close` was sent: only its answer counts from here on (AMQP 0-9-1 §1.5.2.5).
        case closing
        /// Closed by the broker: nothing may be sent until it is reopened.
        case closed(RabbitMQError)
    }

    /// What the owner has to do because of a method.
    enum Reaction {
        case nothing
        /// A request was answered; nil: nobody waits for this one of a batch.
        case reply(Waiter<Reply>?, Reply)
        /// channel.close-ok: the channel is over, and its number is free.
        case ended(Waiter<Reply>?)
        /// Take the messages by `nextSettlement`.
        case settled(ConfirmLedger.Answer)
        case consumerCancelled(tag: String, expectsAnswer: Bool)
        /// Answer with channel.close-ok, fail all who wait, and tell.
        case closedByBroker(RabbitMQError)
        /// Both sides closed it at once: answer with channel.close-ok.
        case crossedClose
    }

    /// A request that was written and awaits its -ok.
    private struct Expected {
        var answer: UInt32
        /// nil: nobody waits for this one of a batch.
        var waiter: Waiter<Reply>?
    }

    let id: ChannelID
    let isConfirming: Bool
    private var phase = Phase.open
    /// Whether somebody holds a handle of it.
    private var isAdopted: Bool
    private var expected = CircularBuffer<Expected>()
    private var content: ContentAssembler
    private var confirms = ConfirmLedger()

    init(id: ChannelID, isConfirming: Bool, maximumBodySize: Int, isAdopted: Bool = false) {
        self.id = id
        self.isConfirming = isConfirming
        self.isAdopted = isAdopted
        content = ContentAssembler(maximumBodySize: maximumBodySize)
    }

    var isOpen: Bool { if case .open = phase { true } else { false } }

    var isClosedByBroker: Bool { if case .closed = phase { true } else { false } }

    /// Why nothing can be sent now; nil if it can.
    var obstacle: RabbitMQError? {
        switch phase {
        case .open: nil
        case .closing: RabbitMQError(.closedLocally, "the channel was closed")
        case .closed(let error): error.with(outcome: .notSent)
        }
    }

    // MARK: Sending

    /// A request is being written: its answer, if it has one, is the next that is not expected yet.
    func willSend(_ request: Request, waiter: Waiter<Reply>?) {
        if case .channelClose = request { phase = .closing }
        if let answer = request.answer { expected.append(Expected(answer: answer, waiter: waiter)) }
    }

    /// A message is being written on a confirming channel.
    /// - Returns: the id that it must be given, to recognise its return; nil: it needs none, or has one.
    func willPublish(_ message: OutgoingMessage, waiter: Waiter<PublishOutcome>?) -> String? {
        if let given = message.properties.messageID {
            confirms.append(messageID: given, waiter: waiter)
            return nil
        }
        let made = "\(confirms.nextSequence)"
        confirms.append(messageID: made, waiter: waiter)
        return waiter == nil ? nil : made
    }

    /// The answer to the channel's opening was handed to its caller.
    /// - Parameter isTold: whether the caller was still there.
    /// - Returns: whether the channel must be closed, because nobody else ever could.
    func opened(isTold: Bool) -> Bool {
        defer { isAdopted = true }
        return !isAdopted && !isTold
    }

    // MARK: Receiving

    func receive(_ method: ChannelMethod) throws(RabbitMQError) -> Reaction {
        switch phase {
        case .open: break
        case .closing:
            // Answers to earlier requests still count; the rest is to be ignored.
            switch method {
            case .close: return .crossedClose
            case .answer(let id, let reply) where expected.first?.answer == id: return try answered(id, reply)
            default: return .nothing
            }
        case .closed: return .nothing
        }
        guard content.isBetweenMessages else { throw .violation("a method inside a message") }
        switch method {
        case .content(let head, let exchange, let routingKey):
            try content.begin(head, exchange: exchange, routingKey: routingKey)
            return .nothing
        case .settle(let tag, let multiple, let refused):
            return .settled(confirms.answer(tag, multiple: multiple, refused: refused))
        case .cancel(let tag, let expectsAnswer):
            return .consumerCancelled(tag: tag, expectsAnswer: expectsAnswer)
        case .close(let code, let text):
            let error = RabbitMQError(
                .channelClosed, "the broker closed the channel", outcome: .unknown, replyCode: code, replyText: text)
            phase = .closed(error)
            return .closedByBroker(error)
        case .answer(let id, let reply):
            return try answered(id, reply)
        }
    }

    /// Matches an -ok with the oldest request: AMQP answers the methods of a channel in their order.
    private func answered(_ id: UInt32, _ reply: Reply) throws(RabbitMQError) -> Reaction {
        guard let first = expected.first, first.answer == id else {
            throw .violation("the method \(id >> 16).\(id & 0xffff), which nothing asked for")
        }
        expected.removeFirst()
        return id == MethodID.channelCloseOK ? .ended(first.waiter) : .reply(first.waiter, reply)
    }

    /// A content header came. Returns the message if it has no body.
    func receiveHeader(bodySize: UInt64, _ properties: BasicProperties?) throws(RabbitMQError)
        -> ContentAssembler.Message?
    {
        try content.header(bodySize: bodySize, properties: properties)
    }

    /// A part of a body came. Returns the message if this completes it.
    func receiveBody(_ bytes: UnsafeRawBufferPointer) throws(RabbitMQError) -> ContentAssembler.Message? {
        try content.body(bytes)
    }

    /// True: somebody awaits the outcome of this message, and the ack will tell it.
    func receiveReturn(_ message: ReturnedMessage) -> Bool { confirms.returned(message) }

    /// See `ConfirmLedger.settleNext`.
    func nextSettlement(_ answer: ConfirmLedger.Answer) -> ConfirmLedger.Settlement? { confirms.settleNext(answer) }

    // MARK: Ends

    /// Finds the waiters whose deadline has passed, and the next deadline. Their answers still come, and find nobody.
    func late(
        _ now: MonotonicTime
    ) -> (requests: [Waiter<Reply>], messages: [Waiter<PublishOutcome>], next: MonotonicTime) {
        let (messages, nextMessage) = confirms.late(now)
        var requests: [Waiter<Reply>] = []
        var next = nextMessage ?? .distantFuture
        for entry in expected {
            guard let waiter = entry.waiter else { continue }
            if waiter.deadline <= now { requests.append(waiter) } else { next = min(next, waiter.deadline) }
        }
        return (requests, messages, next)
    }

    /// The connection is over, and the channel with it.
    func connectionEnded(_ error: RabbitMQError) {
        phase = .closed(error)
        failWaiters(error)
    }

    /// The channel is over: tells everybody who waits.
    func failWaiters(_ error: RabbitMQError) {
        let (requests, messages) = (expected, confirms.waiters)
        expected.removeAll()
        confirms = ConfirmLedger()
        content = ContentAssembler(maximumBodySize: content.maximumBodySize)
        for entry in requests { entry.waiter?.fail(error) }
        for waiter in messages { waiter.fail(error) }
    }
}

/// Does operations on the channels that they name. An error of these functions means that the connection is lost; what
/// only the operation's caller did wrong goes to that caller. Not Sendable: the owner thread's.
struct OperationDispatcher {
    let channels: ChannelTable
    let writer: FrameWriter
    let events: EventOutput

    /// `close`, which concerns the connection, is the core's.
    func perform(_ operation: Operation) throws(RabbitMQError) {
        switch operation {
        case .publish(let id, let message, let waiter):
            guard let channel = usable(id, operation) else { return }
            // Its caller has been told that it was not sent: sending it now would make that a lie.
            if let waiter, waiter.deadline <= .now {
                waiter.fail(RabbitMQError(.timeout, "the broker took no messages before the deadline"))
                return
            }
            try publish(message, on: channel, waiter: waiter)
        case .tell(let id, let request):
            guard let channel = usable(id, operation) else { return }
            try send(request, on: channel, waiter: nil)
        case .ask(let id, let requests, let waiter):
            // A channel that the broker closed only needs to be forgotten, so that its number is free again.
            if channels[id]?.isClosedByBroker == true, case .channelClose? = requests.first {
                channels.remove(id)
                waiter.succeed(.done)
                return
            }
            guard let channel = usable(id, operation) else { return }
            if requests.isEmpty { waiter.succeed(.done) }
            for (index, request) in requests.enumerated() {
                try send(request, on: channel, waiter: index == requests.count - 1 ? waiter : nil)
            }
        case .openChannel(let isConfirming, let waiter):
            guard let channel = channels.add(isConfirming: isConfirming) else {
                let text = "all \(channels.maximum) channels of the connection are in use"
                waiter.fail(RabbitMQError(.invalidArgument, text))
                return
            }
            try open(channel, waiter)
        case .reopenChannel(let id, let waiter):
            guard let channel = channels.replace(id) else {
                let text = "only a channel that the broker closed can be reopened"
                waiter.fail(RabbitMQError(.invalidArgument, text))
                return
            }
            try open(channel, waiter)
        case .close: break
        }
    }

    /// The channel of an operation; nil: nothing can be sent on it, which the operation's caller has been told.
    private func usable(_ id: ChannelID, _ operation: Operation) -> ChannelState? {
        do throws(RabbitMQError) {
            return try channels.open(id)
        } catch {
            refuse(operation, error)
            return nil
        }
    }

    /// It will not be done: tells its caller, or the layer above of a message that nobody waits for.
    func refuse(_ operation: Operation, _ error: RabbitMQError) {
        switch operation {
        case .publish(let id, let message, nil): events.emit(.unsent(message, id, error.with(outcome: .notSent)))
        case .publish: operation.refuse(error.with(outcome: .notSent))
        default: operation.refuse(error)
        }
    }

    func publish(
        _ message: OutgoingMessage, on channel: ChannelState, waiter: Waiter<PublishOutcome>?
    ) throws(RabbitMQError) {
        var messageID: String?
        if channel.isConfirming {
            messageID = channel.willPublish(message, waiter: waiter)
        } else if let waiter {
            waiter.fail(RabbitMQError(.invalidArgument, "the channel was not opened for confirmations"))
            return
        }
        try writer.publish(message, messageID: messageID, on: channel.id)
    }

    func send(_ request: Request, on channel: ChannelState, waiter: Waiter<Reply>?) throws(RabbitMQError) {
        channel.willSend(request, waiter: waiter)
        try writer.send(request, on: channel.id)
    }

    /// Pipelines what opens a channel: the broker answers in turn.
    private func open(_ channel: ChannelState, _ waiter: Waiter<Reply>) throws(RabbitMQError) {
        try send(.channelOpen, on: channel, waiter: channel.isConfirming ? nil : waiter)
        if channel.isConfirming { try send(.confirmSelect, on: channel, waiter: waiter) }
    }
}

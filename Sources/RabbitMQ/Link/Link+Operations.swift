internal import CMqantRabbitMQ
internal import NIOCore

extension Link {
    /// Does an operation, or keeps it until it can be done.
    func accept(_ operation: Operation) throws(RabbitMQError) {
        if case .closing = phase {
            refuse(operation, RabbitMQError(.closedLocally, "the connection was closed"))
            return
        }
        switch operation {
        case .publish(_, _, let waiter):
            if let waiter { note(waiter.deadline) }
            guard held.isEmpty, mayPublish else {
                held.append(operation)
                return
            }
        case .ask(_, _, let waiter), .openChannel(_, let waiter), .reopenChannel(_, let waiter), .close(let waiter):
            note(waiter.deadline)
            fallthrough
        case .tell:
            guard heldRequests.isEmpty, maySend, !mustFollowHeld(operation) else {
                heldRequests.append(operation)
                return
            }
        }
        try perform(operation)
    }

    /// Whether this is the goodbye, and messages wait for the socket: they leave before it. For a broker that blocks, which
    /// may do so for hours, nobody waits.
    func mustFollowHeld(_ operation: Operation) -> Bool {
        if case .close = operation { !held.isEmpty && !blocked } else { false }
    }

    /// Does what was held back, as far as it goes now.
    func resumeHeld() throws(RabbitMQError) {
        while let next = heldRequests.first, maySend, !mustFollowHeld(next) {
            try perform(heldRequests.removeFirst())
        }
        while !held.isEmpty, mayPublish {
            try perform(held.removeFirst())
        }
    }

    private func perform(_ operation: Operation) throws(RabbitMQError) {
        release(operation)
        do {
            try carryOut(operation)
        } catch {
            // The connection is lost; whoever waits must not depend on how far this one came.
            operation.refuse(error)
            throw error
        }
    }

    private func carryOut(_ operation: Operation) throws(RabbitMQError) {
        switch operation {
        case .publish(let id, let message, let waiter):
            guard let channel = channel(id.number), channel.isOpen else {
                unsent(message, id, waiter, obstacle(id))
                return
            }
            // Whoever asked has been told that it was not sent: sending it now would make that a lie.
            if let waiter, waiter.deadline <= .now {
                waiter.fail(RabbitMQError(.timeout, "the broker took no messages before the deadline"))
                return
            }
            try write(message, on: channel, waiter: waiter)
        case .tell(let id, let request):
            guard let channel = channel(id.number), channel.isOpen else { return }
            try send(request, on: channel, waiter: nil)
        case .ask(let id, let requests, let waiter):
            guard let channel = channel(id.number), channel.isOpen else {
                // One that the broker closed only needs to be forgotten, so that its number is free again.
                if case .closed? = channel(id.number)?.phase, case .channelClose? = requests.first {
                    channels[Int(id.number)] = nil
                    waiter.succeed(.done)
                } else {
                    waiter.fail(obstacle(id))
                }
                return
            }
            if requests.isEmpty { waiter.succeed(.done) }
            for (index, request) in requests.enumerated() {
                if case .channelClose = request { channel.phase = .closing }
                try send(request, on: channel, waiter: index == requests.count - 1 ? waiter : nil)
            }
        case .openChannel(let isConfirming, let waiter):
            try openChannel(isConfirming: isConfirming, waiter)
        case .reopenChannel(let id, let waiter):
            try reopenChannel(id, waiter)
        case .close(let waiter):
            try close(waiter)
        }
    }

    private func obstacle(_ id: ChannelID) -> RabbitMQError {
        channel(id.number)?.obstacle ?? RabbitMQError(.closedLocally, "the channel was closed")
    }

    func release(_ operation: Operation) {
        let weight = operation.weight
        releasedCount += weight.count
        releasedBytes += weight.bytes
    }

    func refuse(_ operation: Operation, _ error: RabbitMQError) {
        release(operation)
        if case .publish(let id, let message, let waiter) = operation {
            unsent(message, id, waiter, error)
        } else {
            operation.refuse(error)
        }
    }

    private func unsent(
        _ message: OutgoingMessage, _ id: ChannelID, _ waiter: Waiter<PublishOutcome>?, _ error: RabbitMQError
    ) {
        if let waiter {
            waiter.fail(error.with(outcome: .notSent))
        } else {
            emit(.unsent(message, id, error.with(outcome: .notSent)))
        }
    }

    /// Acknowledges from the owner thread itself.
    func tellHere(_ request: Request, on id: ChannelID) throws(RabbitMQError) {
        if let failure { throw failure.with(outcome: .notSent) }
        guard let channel = channel(id.number), channel.isOpen else { throw obstacle(id) }
        guard heldRequests.isEmpty, maySend else {
            try connection.inbox.append(.tell(id, request))
            return
        }
        do {
            try send(request, on: channel, waiter: nil)
        } catch {
            fail(error)
            throw error
        }
    }

    func send(_ request: Request, on channel: ChannelState, waiter: Waiter<Reply>?) throws(RabbitMQError) {
        defer { pool.recycle() }
        if let answer = request.answer { channel.expected.append(.init(answer: answer, waiter: waiter)) }
        try request.send(on: channel.number, over: transport, pool: pool)
    }

    // MARK: Channels

    private func openChannel(isConfirming: Bool, _ waiter: Waiter<Reply>) throws(RabbitMQError) {
        let free = channels.indices.dropFirst().first { channels[$0] == nil } ?? channels.count
        guard free <= channelMaximum, let number = UInt16(exactly: free) else {
            waiter.fail(RabbitMQError(.invalidArgument, "all \(channelMaximum) channels of the connection are in use"))
            return
        }
        let channel = ChannelState(
            number: number, isConfirming: isConfirming, maximumBodySize: configuration.maximumBodySize)
        if free == channels.count { channels.append(channel) } else { channels[free] = channel }
        try begin(channel, waiter)
    }

    private func reopenChannel(_ id: ChannelID, _ waiter: Waiter<Reply>) throws(RabbitMQError) {
        guard let old = channel(id.number), case .closed = old.phase else {
            waiter.fail(RabbitMQError(.invalidArgument, "only a channel that the broker closed can be reopened"))
            return
        }
        let channel = ChannelState(
            number: old.number, isConfirming: old.isConfirming, maximumBodySize: configuration.maximumBodySize)
        channel.isAdopted = true
        channels[Int(id.number)] = channel
        try begin(channel, waiter)
    }

    /// Pipelines what opens a channel: the broker answers in turn.
    private func begin(_ channel: ChannelState, _ waiter: Waiter<Reply>) throws(RabbitMQError) {
        try send(.channelOpen, on: channel, waiter: channel.isConfirming ? nil : waiter)
        if channel.isConfirming { try send(.confirmSelect, on: channel, waiter: waiter) }
    }

    private func close(_ waiter: Waiter<Reply>) throws(RabbitMQError) {
        let error = RabbitMQError(.closedLocally, "the connection was closed")
        refuseHeld(error)
        phase = .closing(waiter)
        var method = amqp_connection_close_t()
        method.reply_code = UInt16(AMQP_REPLY_SUCCESS)
        try transport.sendMethod(0, MethodID.connectionClose, &method)
    }

    func refuseHeld(_ error: RabbitMQError) {
        while !heldRequests.isEmpty { refuse(heldRequests.removeFirst(), error) }
        while !held.isEmpty { refuse(held.removeFirst(), error) }
    }
}

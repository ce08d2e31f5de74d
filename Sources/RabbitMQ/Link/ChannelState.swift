internal import NIOCore

/// What the owner thread knows of one channel. Not Sendable: that thread's.
final class ChannelState {
    enum Phase {
        /// Usable; `channel.open` may still be on its way, which AMQP lets us not wait for.
        case open
        /// `channel.close` was sent: everything but its answer is to be ignored (AMQP 0-9-1 §1.5.2.5).
        case closing
        /// Closed by the broker: nothing may be sent until it is reopened.
        case closed(RabbitMQError)
    }

    /// A request that was written and awaits its -ok.
    struct Expected {
        var answer: UInt32
        /// nil: nobody waits for this one of a batch.
        var waiter: Waiter<Reply>?
    }

    let number: UInt16
    let isConfirming: Bool
    var phase = Phase.open
    /// Whether somebody holds a handle of it.
    var isAdopted = false
    var expected = CircularBuffer<Expected>()
    var content: ContentAssembler
    var confirms = ConfirmLedger()

    init(number: UInt16, isConfirming: Bool, maximumBodySize: Int) {
        self.number = number
        self.isConfirming = isConfirming
        content = ContentAssembler(maximumBodySize: maximumBodySize)
    }

    var isOpen: Bool {
        if case .open = phase { true } else { false }
    }

    /// Why nothing can be sent now, nil if it can.
    var obstacle: RabbitMQError? {
        switch phase {
        case .open: nil
        case .closing: RabbitMQError(.closedLocally, "the channel was closed")
        case .closed(let error): error.with(outcome: .notSent)
        }
    }

    /// The channel is over: tells everybody who waits.
    func fail(_ error: RabbitMQError) {
        var lost = CircularBuffer<Expected>()
        swap(&lost, &expected)
        for entry in lost { entry.waiter?.fail(error) }
        confirms.failAll(error)
        confirms = ConfirmLedger()
        content = ContentAssembler(maximumBodySize: content.maximumBodySize)
    }
}

/// The deadlines of all who wait on a connection: for a channel's answers, or to be written.
struct Deadlines {
    /// Those whose deadline has passed. To be told outside of every other call: they may ask for more at once.
    struct Late {
        fileprivate(set) var requests: [Waiter<Reply>] = []
        fileprivate(set) var messages: [Waiter<PublishOutcome>] = []
        fileprivate(set) var unwritten: [Operation] = []

        func tell() {
            let unanswered = RabbitMQError(.timeout, "the broker did not answer in time", outcome: .unknown)
            for waiter in requests { waiter.fail(unanswered) }
            for waiter in messages { waiter.fail(unanswered) }
            for operation in unwritten {
                operation.refuse(RabbitMQError(.timeout, "the broker took nothing before the deadline"))
            }
        }
    }

    /// No deadline is earlier. It may belong to somebody who has been answered meanwhile.
    private(set) var earliest = MonotonicTime.distantFuture

    mutating func note(_ deadline: MonotonicTime) { earliest = min(earliest, deadline) }

    /// Finds those whose deadline has passed, once the earliest has, and then the next deadline.
    mutating func late(_ now: MonotonicTime, _ channels: ChannelTable, _ held: HeldOperations) -> Late {
        var late = Late()
        guard now >= earliest else { return late }
        let operations = held.late(now)
        late.unwritten = operations.operations
        earliest = operations.next
        for channel in channels.all {
            let waiters = channel.late(now)
            late.requests += waiters.requests
            late.messages += waiters.messages
            note(waiters.next)
        }
        return late
    }
}

/// What other threads ask of the owner thread.
enum Operation: Sendable {
    case publish(ChannelID, OutgoingMessage, Waiter<PublishOutcome>?)
    /// A method without an answer: an acknowledgement.
    case tell(ChannelID, Request)
    /// Methods written one after the other; the waiter gets the last one's answer. A failing one closes the channel,
    /// which fails the waiter.
    case ask(ChannelID, [Request], Waiter<Reply>)
    case openChannel(confirming: Bool, Waiter<Reply>)
    case reopenChannel(ChannelID, Waiter<Reply>)
    case close(Waiter<Reply>)

    /// What it takes of the bounded queue.
    var weight: (count: Int, bytes: Int) {
        switch self {
        case .publish(_, let message, _): (1, message.queueWeight)
        case .ask(_, let requests, _): (max(1, requests.count), requests.count * 256)
        default: (1, 64)
        }
    }

    var isPublish: Bool { if case .publish = self { true } else { false } }

    /// When its caller gives up; nil: nobody waits for it.
    var deadline: MonotonicTime? {
        switch self {
        case .publish(_, _, let waiter): waiter?.deadline
        case .tell: nil
        case .ask(_, _, let waiter), .openChannel(_, let waiter), .reopenChannel(_, let waiter), .close(let waiter):
            waiter.deadline
        }
    }

    /// It will not be done.
    func refuse(_ error: RabbitMQError) {
        switch self {
        case .publish(_, _, let waiter): waiter?.fail(error)
        case .tell: break
        case .ask(_, _, let waiter), .openChannel(_, let waiter), .reopenChannel(_, let waiter), .close(let waiter):
            waiter.fail(error)
        }
    }
}

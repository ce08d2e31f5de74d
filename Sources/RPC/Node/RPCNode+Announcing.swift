import NIOCore
import Synchronization

/// What this node tells others of itself.
extension RPCNode {
    /// Tells all others who this node is: when something has changed, and when it goes.
    func announce(isGoodbye: Bool = false) {
        let announcement: Announcement? = state.withLock { state in
            guard !state.isShutDown else { return nil }
            if isGoodbye { state.isShutDown = true }
            state.announcements += 1
            return introduction(state, isGoodbye: isGoodbye)
        }
        if let announcement { transport.announce(announcement) }
    }

    package func asked(by queue: QueueName?) {
        guard let queue else { return announceSoon() }
        let announcement: Announcement? = state.withLock { state in
            // Who has announced nothing yet is about to.
            state.isShutDown || state.announcements == 0 ? nil : introduction(state)
        }
        if let announcement { transport.introduce(announcement, to: queue) }
    }

    private func introduction(_ state: borrowing State, isGoodbye: Bool = false) -> Announcement {
        var instances = state.view.local.values.filter { !state.view.standby.contains($0.id) }
        for index in instances.indices {
            instances[index].idempotent = state.servers[instances[index].id]?.idempotentFunctionNames ?? []
        }
        var announcement = Announcement(
            node: id, host: configuration.host, sequence: state.announcements, isGoodbye: isGoodbye,
            instances: instances.sorted { $0.id < $1.id })
        announcement.replies = transport.replyQueue
        return announcement
    }

    // MARK: Repetitions

    /// Repeats the announcement now and then, for whoever missed it: the larger the cluster the more seldom, and not all nodes
    /// at one moment.
    func scheduleRepetition() {
        let nodes = state.withLock { $0.view.peers.count + 1 }
        let pause = timing.repeatPause(nodes: nodes).nanoseconds
        let next = eventLoop.scheduleTask(in: .nanoseconds(Int64.random(in: pause / 4 * 3...pause / 4 * 5))) {
            [weak self] in
            self?.announce()
            self?.scheduleRepetition()
        }
        let isOver = state.withLock { state in
            if !state.isShutDown { state.repetition = next }
            return state.isShutDown
        }
        if isOver { next.cancel() }
    }

    /// Announces this node, once for all who ask at about the same time.
    func announceSoon() {
        let wait: TimeAmount? = state.withLock { state in
            guard !state.willAnswer else { return nil }
            state.willAnswer = true
            return state.lastAnswer.map { max(.zero, $0 + timing.answerInterval - .now()) } ?? .zero
        }
        guard let wait else { return }
        if wait == .zero { return answerAll() }
        eventLoop.scheduleTask(in: wait) { [weak self] in self?.answerAll() }
    }

    private func answerAll() {
        state.withLock { state in
            state.willAnswer = false
            state.lastAnswer = .now()
        }
        announce()
    }
}

import Logging
import NIOCore
import Synchronization

/// Who is there: what this node makes of announcements, of proof that somebody is gone, and of silence.
extension RPCNode {
    /// How often silence is judged: so late is it noticed at most.
    static var judgementInterval: TimeAmount { .milliseconds(250) }
    /// How long replies of an incarnation that is proven gone may still arrive.
    private static var lastReplyGrace: TimeAmount { .milliseconds(500) }
    /// When many nodes start at once, each answers them all by one announcement in so long.
    private static var answerInterval: TimeAmount { .milliseconds(100) }

    /// Has others tell this node who they are; until all who are there have, calls wait for whom it does not know.
    func becomeAcquainted() {
        state.withLock { $0.returning.started(now: .now()) }
        announce()
        eventLoop.scheduleTask(in: ReturningInstances.acquaintance + .milliseconds(10)) { [weak self] in
            self?.resendParked()
        }
    }

    package func received(_ announcement: Announcement) {
        guard announcement.node != id else { return }
        let (isNew, strangers, gone) = state.withLock { state in
            let strangers = state.unheardOf(announcement)
            let isNew = state.view.peers[announcement.node] == nil && !announcement.isGoodbye
            state.returning.heard(announcement)
            return (isNew, strangers, state.view.apply(announcement, now: .now()))
        }
        for gate in strangers {
            logger.error(
                "a Gate speaks another version of the protocol, and gets no pushes",
                metadata: ["instance": "\(gate)", "node": "\(announcement.node)", "host": "\(announcement.host)"])
        }
        tellViewObservers()
        if isNew { answerNewcomer() }
        resendParked()
        guard !gone.isEmpty else { return }
        // The last replies travel by another queue than the goodbye, which may overtake them.
        eventLoop.scheduleTask(in: Self.lastReplyGrace) { [weak self] in self?.interrupt(callsAt: gone) }
    }

    package func gone(_ node: NodeID, _ queues: [QueueName]) {
        state.withLock { $0.view.remove(queues, of: node) }
        tellViewObservers()
    }

    package func asked() { announce() }

    /// Suspects who has been silent for too long, unless it is this node that hears nothing.
    func judgeSilence() {
        state.withLock { state in
            let now = NIODeadline.now()
            if state.judgesSilence, state.hearsItself(at: now) { state.view.suspectSilent(now: now) }
        }
        tellViewObservers()
    }

    /// The newcomer learns of this node at once, not at the next beat.
    private func answerNewcomer() {
        let wait: TimeAmount? = state.withLock { state in
            guard !state.willAnswer else { return nil }
            state.willAnswer = true
            return state.lastAnswer.map { max(.zero, $0 + Self.answerInterval - .now()) } ?? .zero
        }
        guard let wait else { return }
        if wait == .zero { return answerNewcomers() }
        eventLoop.scheduleTask(in: wait) { [weak self] in self?.answerNewcomers() }
    }

    private func answerNewcomers() {
        state.withLock { state in
            state.willAnswer = false
            state.lastAnswer = .now()
        }
        announce()
    }
}

extension RPCNode.State {
    /// Gates in the announcement that take no part in pushes to groups, of each node once.
    fileprivate mutating func unheardOf(_ announcement: Announcement) -> [InstanceID] {
        let gates = announcement.instances.filter { $0.isGate && $0.generation == nil }.map(\.id)
        guard !gates.isEmpty, !foreignGates.contains(announcement.node) else { return [] }
        if foreignGates.count >= 1000 { foreignGates = [] }
        foreignGates.insert(announcement.node)
        return gates
    }
}

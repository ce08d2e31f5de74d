import Logging
package import NIOCore
import Synchronization

/// Who is there: what this node makes of announcements, of proof that somebody is gone, and of silence.
extension RPCNode {
    /// Has others tell this node who they are; until all who are there have, calls wait for instances that it does not know.
    func becomeAcquainted() {
        state.withLock { state in state.view.change { $0.expected.started(now: .now()) } }
        announce()
        transport.ask()
        eventLoop.scheduleTask(in: timing.acquaintance + .milliseconds(10)) { [weak self] in
            self?.resendParked()
        }
    }

    package func received(_ announcement: Announcement) {
        guard announcement.node != id, announcement.name != id else { return }
        let gone = state.withLock { $0.view.apply(announcement, now: .now()) }
        tellViewObservers()
        resendParked()
        guard !gone.isEmpty else { return }
        // The last replies travel by another queue than the goodbye, which may overtake them.
        eventLoop.scheduleTask(in: timing.lastReplyGrace) { [weak self] in self?.interrupt(callsAt: gone) }
    }

    package func refused(_ node: NodeID, host: String, version: Int) {
        let isNew = state.withLock { state in
            if state.foreigners.count >= 1000 { state.foreigners = [] }
            return state.foreigners.insert(node).inserted
        }
        guard isNew else { return }
        logger.error(
            "a node speaks another version of the protocol, and is ignored",
            metadata: ["node": "\(node)", "host": "\(host)", "version": "\(version)"])
    }

    package func gone(_ node: NodeID, _ queues: [QueueName]) {
        let isWrong = state.withLock { state in
            state.view.apply(MembershipTable.Proof(node: node, queues: queues), now: .now())
            let own = state.view.local.values.map(\.queue) + [transport.replyQueue]
            return queues.contains { own.contains($0) }
        }
        tellViewObservers()
        // It is not true, and is believed until announcements that were sent before it have come.
        guard isWrong else { return }
        eventLoop.scheduleTask(in: timing.overtakenTime + .milliseconds(100)) { [weak self] in self?.announce() }
    }

    package func announcementsRestored() {
        announceSoon()
        transport.ask()
        // Whoever hears nothing finds that out when it says something, and has those behind it do the same.
        for queue in state.withLock({ $0.view.members.neighbours }) { transport.ask(queue) }
    }

    // MARK: Who answers

    /// Probes this node's neighbours, and itself, and tells all who does not answer.
    func watchPeers() {
        transport.probeSelf()
        let (queues, claims) = state.withLock { state in
            let now = NIODeadline.now()
            let isJudging = state.judgesSilence && state.hearsItself(at: now, within: timing.deafness)
            return state.view.change { $0.watch(isJudging: isJudging, now: now) }
        }
        for queue in queues { transport.probePeer(queue) }
        for claim in claims { transport.report(claim, to: nil) }
        tellViewObservers()
    }

    package func answered(_ node: NodeID) {
        let correction = state.withLock { state in state.view.change { $0.answered(node, now: .now()) } }
        if let (claim, queue) = correction { transport.report(claim, to: queue) }
    }

    package func told(_ claim: MembershipTable.Claim) {
        // Whoever can be told so answers: its announcement says that to all.
        guard claim.node != id else { return announceSoon() }
        state.withLock { $0.view.apply(claim) }
        tellViewObservers()
    }

    package func heardItself() {
        state.withLock { state in
            let now = NIODeadline.now()
            // It was this node that could not be reached: the others' silence meant nothing.
            if !state.hearsItself(at: now, within: timing.deafness) { state.view.change { $0.forgiveSilence() } }
            state.lastEcho = now
        }
    }
}

extension RPCNode.State {
    /// Whether this node's probes of itself come back. If not, its own link is at fault, and the silence of others says nothing
    /// of them.
    fileprivate func hearsItself(at now: NIODeadline, within deafness: TimeAmount) -> Bool {
        lastEcho.map { now - $0 < deafness } ?? false
    }
}

import Logging
import NIOCore
import Synchronization

/// A node's part in the membership of the cluster: looks after its neighbours, and takes in what others tell
/// (docs/architecture.md#membership).
final class MembershipAgent: Sendable {
    private struct Local {
        var watch: RepeatedTask?
        /// Nodes of another version, of which the log has been told.
        var foreigners: Set<NodeID> = []
    }

    private let core: NodeCore
    private let publisher: ViewPublisher
    private let calls: CallDispatcher
    private let announcer: Announcer
    private let local = Mutex(Local())

    init(_ core: NodeCore, _ publisher: ViewPublisher, _ calls: CallDispatcher, _ announcer: Announcer) {
        self.core = core
        self.publisher = publisher
        self.calls = calls
        self.announcer = announcer
    }

    // MARK: Begin and end

    /// Begins to announce the node, and to watch the others if the process is not the whole cluster.
    func start() {
        guard core.configuration.membership != nil else {
            announcer.announce()
            return core.transport.ask()
        }
        // Until all who are there have told this node who they are, calls wait for instances that it does not know.
        core.state.withLock { state in state.view.change { $0.expected.started(now: .now()) } }
        announcer.announce()
        core.transport.ask()
        resendWaiting(in: core.timing.acquaintance + .milliseconds(10))
        let pause = core.timing.probeInterval
        let watch = core.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { [weak self] _ in
            self?.watchPeers()
            self?.calls.probeSilentCallees()
        }
        local.withLock { $0.watch = watch }
        announcer.scheduleRepetition()
    }

    /// Says goodbye, and watches nobody any more.
    func close() {
        announcer.close()
        local.withLock { $0.watch.take() }?.cancel()
    }

    // MARK: What others tell

    /// Takes in what another node has announced.
    func received(_ announcement: Announcement) {
        guard announcement.node != core.id, announcement.name != core.id else { return }
        let gone = core.state.withLock { state in
            let gone = state.view.apply(announcement, now: .now())
            state.view.learn(announcement.others, now: .now())
            return gone
        }
        publisher.publish()
        calls.resendWaiting()
        guard !gone.isEmpty else { return }
        // The last replies travel by another queue than the goodbye, which may overtake them.
        core.eventLoop.scheduleTask(in: core.timing.lastReplyGrace) { [weak self] in
            self?.calls.interrupt(callsAt: gone)
        }
    }

    /// A node speaks another version of the protocol.
    func refused(_ node: NodeID, host: String, version: Int) {
        let isNew = local.withLock { local in
            if local.foreigners.count >= 1000 { local.foreigners = [] }
            return local.foreigners.insert(node).inserted
        }
        guard isNew else { return }
        core.logger.error(
            "a node speaks another version of the protocol, and is ignored",
            metadata: ["node": "\(node)", "host": "\(host)", "version": "\(version)"])
    }

    /// Another node has proof that queues of a node are gone.
    func gone(_ node: NodeID, _ queues: [QueueName]) {
        let isWrong = core.state.withLock { state in
            state.view.apply(MembershipTable.Proof(node: node, queues: queues), now: .now())
            let own = state.view.local.values.map(\.queue) + [core.transport.replyQueue]
            return queues.contains { own.contains($0) }
        }
        publisher.publish()
        // It is not true, and is believed until announcements that were sent before it have come.
        guard isWrong else { return }
        core.eventLoop.scheduleTask(in: core.timing.overtakenTime + .milliseconds(100)) { [weak self] in
            self?.announcer.announce()
        }
    }

    /// Another node says that a node does not answer.
    func told(_ claim: MembershipTable.Claim) {
        // Whoever can be told so answers: its announcement says that to all.
        guard claim.node != core.id else { return announcer.announceSoon() }
        core.state.withLock { $0.view.apply(claim) }
        publisher.publish()
    }

    /// What others told was missed for a while, perhaps by others too.
    func announcementsRestored() {
        announcer.announceSoon()
        core.transport.ask()
        // Whoever hears nothing finds that out when it says something, and has those behind it do the same.
        for queue in core.state.withLock({ $0.view.members.neighbours }) { core.transport.ask(queue) }
    }

    // MARK: Who answers

    /// Probes this node's neighbours, and itself, and tells all who does not answer.
    private func watchPeers() {
        core.transport.probeSelf()
        let (queues, claims) = core.state.withLock { state in
            let now = NIODeadline.now()
            let isJudging = state.link.isJudging(at: now)
            return state.view.change { $0.watch(isJudging: isJudging, now: now) }
        }
        for queue in queues { core.transport.probePeer(queue) }
        for claim in claims { core.transport.report(claim, to: nil) }
        publisher.publish()
    }

    /// A node answered a probe.
    func answered(_ node: NodeID) {
        let correction = core.state.withLock { state in state.view.change { $0.answered(node, now: .now()) } }
        if let (claim, queue) = correction { core.transport.report(claim, to: queue) }
    }

    /// This node's probe of itself came back.
    func heardItself() {
        core.state.withLock { state in
            if state.link.echoed(at: .now()) { state.view.change { $0.forgiveSilence() } }
        }
    }

    /// A probed queue is gone.
    func vanished(_ queue: QueueName, probedAt: NIODeadline) {
        let (proof, isLeaving) = core.state.withLock { state in
            let proof = state.view.members.proof(by: queue)
            if let proof { state.view.apply(proof, now: .now()) }
            state.view.remove(queue: queue)
            return (proof, state.view.isLeaving(queue))
        }
        if let proof {
            core.transport.report(proof)
            // At once to the one behind it.
            watchPeers()
        } else {
            publisher.publish()
        }
        // Its node says goodbye when it has answered; if that dies, it is gone from the view, and the next probe tells.
        guard !isLeaving else { return }
        // Younger ones may have been written behind the probe, and then come back by themselves.
        calls.interrupt(callsAt: [queue], sentBefore: probedAt - core.timing.probeInterval)
    }

    // MARK: This node's own connection

    /// The connection broke: nobody is taken for unreachable, and those who were live are expected back.
    func connectionBroke(isAffected: @Sendable (QueueName) -> Bool) {
        core.state.withLock { state in
            state.link.setOpen(false)
            for peer in state.view.peers.values {
                let affected = peer.instances.filter { isAffected($0.queue) }
                let isReachable = peer.reachability == .reachable
                state.view.change {
                    $0.expected.expect(live: isReachable ? affected : [], unreachable: isReachable ? [] : affected)
                }
            }
            state.view.change { $0.connectionLost() }
        }
        publisher.publish()
    }

    /// The connection is there again, and the others know this node no more.
    func connectionReturned() {
        publisher.publish()
        announcer.announce()
        // What others have told meanwhile was missed.
        core.transport.ask()
        // Until then calls wait for those who have not come back.
        resendWaiting(in: core.timing.reconnectPatience + .milliseconds(10))
    }

    /// What is sent waits, or goes on.
    func connectionStalled(_ isStalled: Bool) {
        core.state.withLock { state in
            state.link.setOpen(!isStalled)
            if !isStalled { state.view.change { $0.forgiveSilence() } }
        }
        publisher.publish()
    }

    /// Another process has the Id of an instance of this node, which is on standby, or this node has it again.
    func standby(_ id: InstanceID, _ isStandby: Bool) {
        core.state.withLock { $0.view.setStandby(isStandby, id) }
        announcer.announce()
        publisher.publish()
    }

    private func resendWaiting(in time: TimeAmount) {
        core.eventLoop.scheduleTask(in: time) { [weak self] in self?.calls.resendWaiting() }
    }
}

import NIOCore
import Synchronization

/// Tells others of this node: at its start, when something changes, when somebody asks, now and then, and when it goes.
final class Announcer: Sendable {
    private let core: NodeCore
    /// The next repetition.
    private let repetition = Mutex<Scheduled<Void>?>(nil)

    init(_ core: NodeCore) { self.core = core }

    /// Tells all others who this node is: when something has changed, and when it goes.
    func announce(isGoodbye: Bool = false) {
        let announcement = core.state.withLock { state in
            state.announcements.next(
                state.announcedInstances, replies: core.transport.replyQueue, isGoodbye: isGoodbye)
        }
        if let announcement { core.transport.announce(announcement) }
    }

    /// Somebody asks who is there; the answer goes to a queue, or to all.
    func asked(by queue: QueueName?) {
        guard let queue else { return announceSoon() }
        let (announcement, others) = core.state.withLock { state in
            let instances = state.announcedInstances
            return (
                state.announcements.repeated(instances, replies: core.transport.replyQueue),
                instances.isEmpty ? [] : state.view.members.introductions(to: queue)
            )
        }
        guard var announcement else { return }
        // Each message says who this node is, too: it is read like any other.
        for others in others.isEmpty ? [[]] : others {
            announcement.others = others
            core.transport.introduce(announcement, to: queue)
        }
    }

    /// Announces this node, once for all who ask at about the same time.
    func announceSoon() {
        guard let wait = core.state.withLock({ $0.announcements.asked(at: .now()) }) else { return }
        if wait == .zero { return answerAll() }
        core.eventLoop.scheduleTask(in: wait) { [weak self] in self?.answerAll() }
    }

    private func answerAll() {
        core.state.withLock { $0.announcements.answered(at: .now()) }
        announce()
    }

    /// Repeats the announcement now and then, for whoever missed it: the larger the cluster the more seldom, and not
    /// all nodes at one moment.
    func scheduleRepetition() {
        let nodes = core.state.withLock { $0.view.peers.count + 1 }
        let pause = core.timing.repeatPause(nodes: nodes).nanoseconds
        let wait = TimeAmount.nanoseconds(Int64.random(in: pause / 4 * 3...pause / 4 * 5))
        let next = core.eventLoop.scheduleTask(in: wait) { [weak self] in
            self?.announce()
            self?.scheduleRepetition()
        }
        repetition.withLock { $0 = next }
        // The node may have gone meanwhile.
        if core.state.withLock({ $0.announcements.isOver }) { next.cancel() }
    }

    /// Says goodbye, and tells nothing any more.
    func close() {
        announce(isGoodbye: true)
        repetition.withLock { $0.take() }?.cancel()
    }
}

extension NodeCore.State {
    /// What this node tells others that it serves.
    fileprivate var announcedInstances: [InstanceDescription] {
        view.local.values.filter { !view.standby.contains($0.id) }.map { instance in
            var instance = instance
            instance.idempotent = instances.idempotentFunctions(of: instance.id)
            return instance
        }
    }
}

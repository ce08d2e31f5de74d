import Mqant
import NIOCore

/// Reports the memberships of one event loop's sessions to the rosters of the modules that asked for it.
///
/// Reports of one turn of the loop that go to one instance travel together. On `eventLoop` only.
final class PresenceReporter {
    /// Whom a membership was reported to: the queues of the key's owner and of its heir.
    struct Audience: Equatable {
        var owner: QueueName?
        var heir: QueueName?

        func includes(_ queue: QueueName) -> Bool { owner == queue || heir == queue }
    }

    private struct Pending {
        var target: InstanceID
        var function: String
        var report: PresenceReport
    }

    /// Memberships in one report.
    private static let largestReport = 256

    private let node: RPCNode
    private let gate: InstanceID
    private let eventLoop: any EventLoop
    private var view: ClusterView
    private var incarnation: QueueName
    private var pending: [Pending] = []
    /// Where the newest report to an instance stands in `pending`: only that one may grow, to keep their order.
    private var newest: [InstanceID: Int] = [:]

    init(node: RPCNode, gate: InstanceID, eventLoop: any EventLoop) {
        self.node = node
        self.gate = gate
        self.eventLoop = eventLoop
        view = ClusterView()
        incarnation = ""
    }

    /// Reports that a session is in a group.
    func begin(_ presence: Presence, _ group: GroupName, _ session: SessionID) -> Audience {
        report(presence, group, session, PresenceReport.beginFunction, besides: Audience())
    }

    /// Reports that it is not any more.
    func end(_ presence: Presence, _ group: GroupName, _ session: SessionID) {
        _ = report(presence, group, session, PresenceReport.endFunction, besides: Audience())
    }

    /// Takes a change of the cluster in.
    /// - Returns: true if this Gate is another incarnation now, so that all its memberships are to be reported anew.
    func update() -> Bool {
        eventLoop.preconditionInEventLoop()
        view = node.view
        let queue = view.local[gate]?.queue ?? incarnation
        defer { incarnation = queue }
        return queue != incarnation
    }

    /// Reports a membership to those of today's audience that were not told before.
    func renew(
        _ presence: Presence, _ group: GroupName, _ session: SessionID, toldBefore: Audience
    ) -> Audience {
        report(presence, group, session, PresenceReport.beginFunction, besides: toldBefore)
    }

    private func report(
        _ presence: Presence, _ group: GroupName, _ session: SessionID, _ function: String, besides: Audience
    ) -> Audience {
        let (owner, heir) = view.ownerAndHeir(of: presence.key, presence.type)
        let member = PresenceReport.Member(
            group: group, key: presence.key, session: session, name: presence.name)
        if let owner = owner?.instance, !besides.includes(owner.queue) {
            add(member, function, to: owner.id, isOwner: true)
        }
        if let heir = heir?.instance, !besides.includes(heir.queue) {
            add(member, function, to: heir.id, isOwner: false)
        }
        return Audience(owner: owner?.instance.queue, heir: heir?.instance.queue)
    }

    private func add(_ member: PresenceReport.Member, _ function: String, to target: InstanceID, isOwner: Bool) {
        eventLoop.preconditionInEventLoop()
        if let index = newest[target], pending[index].function == function, pending[index].report.isOwner == isOwner,
            pending[index].report.members.count < Self.largestReport
        {
            pending[index].report.members.append(member)
            return
        }
        if pending.isEmpty { eventLoop.assumeIsolated().execute { [self] in flush() } }
        newest[target] = pending.count
        let report = PresenceReport(gate: gate, incarnation: incarnation, isOwner: isOwner, members: [member])
        pending.append(Pending(target: target, function: function, report: report))
    }

    /// Fire and forget: a report that does not arrive went to an instance that is gone, and another one is told.
    private func flush() {
        let reports = pending
        pending = []
        newest = [:]
        for report in reports {
            guard let arguments = try? ArgumentCoding.encode(arguments: report.report) else { continue }
            try? node.cast(.instance(report.target), RPCRequest(function: report.function, payload: arguments))
        }
    }
}

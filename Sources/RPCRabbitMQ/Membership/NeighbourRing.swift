import MqantRPC
import NIOCore

/// Whom this node probes, so that a process that dies is known to be gone by everybody within a second, although nobody
/// may have a call out to it.
///
/// All nodes sorted by their names are a ring. Each probes the next one, so a cluster of any size costs one probe a node
/// and interval. Who is silent, or does not probe, cannot be relied on to watch the one behind it: that one is probed
/// too. Nor can a newcomer watch whom it never heard, because that one was killed a moment before: who was not heard
/// since the newcomer came is probed as well. Only a probe that comes back is proof; silence never is. A pure value.
struct NeighbourRing {
    /// How often.
    static var interval: Duration { .milliseconds(500) }
    /// Who was not heard for so long, an announcement and a half, may not be probing.
    static var silence: TimeAmount { .milliseconds(1500) }
    /// How long announcements may be on their way that were sent before their node was proven gone.
    private static var tombstoneTime: TimeAmount { .seconds(3) }
    /// How long a node is remembered that is silent and has nothing that could be probed.
    private static var memory: TimeAmount { .seconds(60) }
    /// How many a node probes at a time: when it is this node that hears nothing, all others seem silent.
    private static let maximumCount = 8

    private struct Member {
        var sequence: UInt64
        /// When its present connection was heard first on this node's present one; not yet: in the distant future.
        var since: NIODeadline
        var heard: NIODeadline
        /// The queue that is there as long as the node's connection is.
        var replies: QueueName?
        var instances: Set<QueueName>
        var isProbing: Bool

        var queues: Set<QueueName> { instances.union(replies.map { [$0] } ?? []) }
    }

    private let node: NodeID
    private var members: [NodeID: Member] = [:]
    private var tombstones: [QueueName: NIODeadline] = [:]

    init(node: NodeID) { self.node = node }

    /// Takes an announcement in.
    /// - Returns: false if it is older than the proof that its node is gone.
    mutating func heard(_ announcement: WireAnnouncement, now: NIODeadline) -> Bool {
        let instances = Set(announcement.instances.map(\.queue))
        let queues = instances.union(announcement.replies.map { [$0] } ?? [])
        let isOvertaken = queues.contains { tombstones[$0].map { now - $0 < Self.tombstoneTime } ?? false }
        guard !isOvertaken else { return false }
        if announcement.goodbye == true {
            members[announcement.node] = nil
            return true
        }
        let known = members[announcement.node]
        if known.map({ $0.sequence < announcement.sequence }) ?? true {
            let isSameConnection = known?.replies == announcement.replies
            members[announcement.node] = Member(
                sequence: announcement.sequence, since: isSameConnection ? min(known?.since ?? now, now) : now,
                heard: now, replies: announcement.replies, instances: instances,
                isProbing: announcement.probes ?? false)
        }
        return true
    }

    /// This node's connection was lost. Of those who are not heard any more once it is back, others may have told meanwhile
    /// that they are gone, and will not again: to this node, all others are newcomers.
    mutating func connectionLost() {
        for name in members.keys { members[name]?.since = .distantFuture }
    }

    /// What to probe now.
    mutating func queuesToProbe(now: NIODeadline) -> [QueueName] {
        members = members.filter { !$0.value.queues.isEmpty || now - $0.value.heard < Self.memory }
        let names = members.keys.sorted()
        let next = names.firstIndex { $0 > node } ?? names.endIndex
        var queues: [QueueName] = []
        /// Since when there is somebody in between who looks after those behind.
        var watched: NIODeadline?
        for name in (names[next...] + names[..<next]).prefix(Self.maximumCount) {
            guard let member = members[name], watched.map({ member.heard < $0 }) ?? true else { continue }
            if let replies = member.replies { queues.append(replies) } else { queues += member.instances.sorted() }
            if watched == nil, member.isProbing, now - member.heard < Self.silence { watched = member.since }
        }
        return queues
    }

    /// A probe came back from a queue.
    /// - Returns: what that proves; nil if it is known already.
    mutating func returned(_ queue: QueueName, now: NIODeadline) -> WireGone? {
        for (name, member) in members {
            if member.replies == queue {
                let gone = WireGone(node: name, queues: member.queues.sorted())
                apply(gone, now: now)
                return gone
            }
            // An instance may be withdrawn while its node lives on.
            if member.replies == nil, member.instances.contains(queue) {
                let gone = WireGone(node: name, queues: [queue])
                apply(gone, now: now)
                return gone
            }
        }
        return nil
    }

    /// Takes proof in: this node's own, or another's.
    mutating func apply(_ gone: WireGone, now: NIODeadline) {
        tombstones = tombstones.filter { now - $0.value < Self.tombstoneTime }
        for queue in gone.queues { tombstones[queue] = now }
        guard var member = members[gone.node] else { return }
        let queues = Set(gone.queues)
        if let replies = member.replies, queues.contains(replies) {
            members[gone.node] = nil
            return
        }
        member.instances.subtract(queues)
        members[gone.node] = member.queues.isEmpty ? nil : member
    }
}

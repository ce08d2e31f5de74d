package import NIOCore

/// What this node knows of the live instances of the cluster. A pure value; every change makes a new version.
///
/// An instance is *live* while its node announces it. Silence makes a node *suspected*: it gets no new calls, but
/// only a goodbye, a returned message or a newer incarnation proves that an incarnation is gone
/// (docs/architecture.md#membership).
package struct ClusterView: Sendable {
    /// How long a node may be silent before its instances get no new calls: three announcements.
    package static var suspicionTime: TimeAmount { .seconds(3) }

    package struct Peer: Sendable {
        package var host: String
        var sequence: UInt64
        var lastHeard: NIODeadline
        package var instances: [InstanceDescription]
        package var isSuspected = false
        /// Instances that are not announced any more, and may still finish calls, by their queues.
        var leaving: [QueueName: InstanceDescription] = [:]
    }

    /// How long a node's goodbye is remembered, against announcements that it overtook.
    private static var tombstoneTime: TimeAmount { .seconds(60) }
    /// How long a silent node is remembered that serves nothing, and so has nothing that could be proven gone.
    private static var idleTime: TimeAmount { .seconds(60) }

    /// Instances of this very process: always live, called without a transport.
    package private(set) var local: [InstanceID: InstanceDescription] = [:]
    /// Those of them whose Id another process has taken.
    private(set) var yielding: Set<InstanceID> = []
    package private(set) var peers: [NodeID: Peer] = [:]
    /// Counts changes of who is live, and of who is suspected.
    package private(set) var version: UInt64 = 0

    private var tombstones: [NodeID: NIODeadline] = [:]
    private var byType: [ModuleType: [Candidate]] = [:]
    private var byID: [InstanceID: Candidate] = [:]
    private var suspects: [InstanceID: Candidate] = [:]
    /// Of all that may get a call of its type.
    private var servingQueues: Set<QueueName> = []
    private var leavingQueues: Set<QueueName> = []
    /// Types of which a live instance has pushed to groups that it owns.
    private(set) var owningTypes: Set<ModuleType> = []
    private var gateOwners: [Candidate] = []

    /// An instance that may get a call.
    package struct Candidate: Sendable, Hashable {
        package var instance: InstanceDescription
        package var isLocal: Bool
    }

    package init() {}

    /// The live instances of a type, ordered by id: the same order in every view of the same instances.
    package func candidates(of type: ModuleType) -> [Candidate] { byType[type] ?? [] }

    /// The live instances that hold sessions, of whatever type.
    package var gates: [InstanceDescription] { byType.values.joined().map(\.instance).filter(\.isGate) }

    /// The live instances that may own a group whose name says this: those of a type, or the Gates; ordered by id.
    func owners(_ type: ModuleType?) -> [Candidate] {
        type.map { candidates(of: $0).filter { $0.instance.generation != nil } } ?? gateOwners
    }

    /// The live instance of an Id. Of two it is that of this process, even if that gives way: its sessions are here.
    package func candidate(_ id: InstanceID) -> Candidate? { byID[id] }

    /// An instance of a node that is silent, and not proven gone.
    func suspected(_ id: InstanceID) -> Candidate? { suspects[id] }

    package mutating func addLocal(_ instance: InstanceDescription) {
        local[instance.id] = instance
        index()
    }

    package mutating func removeLocal(_ id: InstanceID) {
        guard local.removeValue(forKey: id) != nil else { return }
        yielding.remove(id)
        index()
    }

    /// An instance of this process gives way to another's of the same Id, or no longer. It serves its type on only while that
    /// one is not live.
    mutating func setYielding(_ isYielding: Bool, _ id: InstanceID) {
        guard local[id] != nil else { return }
        if isYielding { yielding.insert(id) } else { yielding.remove(id) }
        index()
    }

    /// Gives instances of this process the queues of a new connection.
    /// - Returns: where they are now.
    mutating func renameLocal(
        _ names: [QueueName: QueueName], generation: UInt64
    ) -> [InstanceID: QueueAddress] {
        var addresses: [InstanceID: QueueAddress] = [:]
        for (id, instance) in local {
            guard let name = names[instance.queue] else { continue }
            local[id]?.queue = name
            local[id]?.generation = generation
            addresses[id] = QueueAddress(name, generation: generation)
        }
        index()
        return addresses
    }

    /// Notes that an instance of this process pushes to groups that it owns.
    /// - Returns: false if that was known, or goes without saying: every Gate owns groups.
    mutating func setOwnsGroups(_ id: InstanceID) -> Bool {
        guard let instance = local[id], !instance.ownsGroups, !instance.isGate else { return false }
        local[id]?.ownsGroups = true
        index()
        return true
    }

    /// Forgives all silence so far: nobody could be heard.
    mutating func forgiveSilence(now: NIODeadline) {
        for node in peers.keys {
            peers[node]?.lastHeard = now
            peers[node]?.isSuspected = false
        }
        index()
    }

    /// Takes a peer's announcement in.
    /// - Returns: the queues that it proves gone.
    package mutating func apply(_ announcement: Announcement, now: NIODeadline) -> [QueueName] {
        let known = peers[announcement.node]
        if let known, known.sequence >= announcement.sequence { return [] }
        guard tombstones[announcement.node] == nil else { return [] }
        if announcement.isGoodbye {
            tombstones = tombstones.filter { now - $0.value < Self.tombstoneTime }
            tombstones[announcement.node] = now
            guard let known else { return [] }
            peers[announcement.node] = nil
            index()
            return known.instances.map(\.queue) + known.leaving.keys
        }
        var peer = Peer(
            host: announcement.host, sequence: announcement.sequence, lastHeard: now, instances: announcement.instances)
        peer.leaving = known?.leaving ?? [:]
        var gone: Set<QueueName> = []
        for instance in known?.instances ?? [] {
            let announced = announcement.instances.first { $0.id == instance.id }
            if let announced {
                if announced.queue != instance.queue { gone.insert(instance.queue) }
            } else {
                // It takes no new calls, and answers those that it has: no proof of anything.
                peer.leaving[instance.queue] = instance
            }
        }
        peers[announcement.node] = peer
        // An Id has one holder (its lock queue says so): whoever announces it now has it, and an older holder is gone.
        let announced = Set(announcement.instances.map(\.id))
        for (node, var peer) in peers where node != announcement.node {
            guard peer.instances.contains(where: { announced.contains($0.id) }) else { continue }
            gone.formUnion(peer.instances.filter { announced.contains($0.id) }.map(\.queue))
            peer.instances.removeAll { announced.contains($0.id) }
            peers[node] = peer
        }
        if known.map({ $0.isSuspected || $0.instances != announcement.instances }) ?? true || !gone.isEmpty { index() }
        return Array(gone)
    }

    /// Takes an incarnation out because a message to its queue came back.
    package mutating func remove(queue: QueueName) {
        for (node, peer) in peers where peer.instances.contains(where: { $0.queue == queue }) {
            peers[node]?.instances.removeAll { $0.queue == queue }
            index()
        }
    }

    /// Whether an incarnation was withdrawn by a node that is there: it answers the calls that it has, whether its queue is
    /// still there or not.
    func isLeaving(_ queue: QueueName) -> Bool { peers.values.contains { $0.leaving[queue] != nil } }

    /// Whether an incarnation will not come back: its node has said goodbye, or another one has its Id.
    func isGone(_ id: IncarnationID) -> Bool {
        guard tombstones[id.node] == nil else { return true }
        return byID[id.instance].map { !$0.isLocal } ?? false
    }

    /// Takes out queues that are proven gone, and their node with the last of its instances.
    package mutating func remove(_ queues: [QueueName], of node: NodeID) {
        guard var peer = peers[node] else { return }
        let before = peer.instances.count
        peer.instances.removeAll { queues.contains($0.queue) }
        peer.leaving = peer.leaving.filter { !queues.contains($0.key) }
        let hadLeaving = peers[node]?.leaving.count != peer.leaving.count
        peers[node] = peer.instances.isEmpty ? nil : peer
        if peer.instances.count != before || hadLeaving { index() }
    }

    /// Suspects every peer that has been silent for too long.
    package mutating func suspectSilent(now: NIODeadline) {
        for (node, peer) in peers where peer.instances.isEmpty && now - peer.lastHeard > Self.idleTime {
            peers[node] = nil
        }
        for (node, peer) in peers where !peer.isSuspected && now - peer.lastHeard > Self.suspicionTime {
            peers[node]?.isSuspected = true
            index()
        }
    }

    private mutating func index() {
        var serving: [InstanceID: Candidate] = [:]
        var suspects: [InstanceID: Candidate] = [:]
        for peer in peers.values {
            for instance in peer.instances {
                let candidate = Candidate(instance: instance, isLocal: false)
                if peer.isSuspected { suspects[instance.id] = candidate } else { serving[instance.id] = candidate }
            }
        }
        byID = serving
        for instance in local.values {
            let candidate = Candidate(instance: instance, isLocal: true)
            byID[instance.id] = candidate
            if serving[instance.id] == nil || !yielding.contains(instance.id) { serving[instance.id] = candidate }
        }
        let queues = (serving: Self.queues(serving), suspects: Self.queues(suspects))
        let leavingQueues = Set(peers.values.lazy.flatMap(\.leaving.keys))
        let owningTypes = Set(serving.values.lazy.filter(\.instance.ownsGroups).map(\.instance.type))
        if queues != (servingQueues, Self.queues(self.suspects)) || leavingQueues != self.leavingQueues
            || owningTypes != self.owningTypes
        {
            version += 1
        }
        (servingQueues, self.leavingQueues, self.owningTypes) = (queues.serving, leavingQueues, owningTypes)
        self.suspects = suspects
        let ordered = serving.values.sorted { $0.instance.id < $1.instance.id }
        byType = Dictionary(grouping: ordered, by: \.instance.type)
        gateOwners = ordered.filter { $0.instance.isGate && $0.instance.generation != nil }
    }

    private static func queues(_ candidates: [InstanceID: Candidate]) -> Set<QueueName> {
        Set(candidates.values.map(\.instance.queue))
    }
}

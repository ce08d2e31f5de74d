package import NIOCore

/// What this node knows of the live instances of the cluster, its own and those of `members`. A pure value; every change of
/// who is live makes a new version.
///
/// An instance is *live* while its node announces it and answers its neighbour. A node that does not is *unreachable*: it gets
/// no new calls, but only a goodbye, a returned message or a newer incarnation proves that an incarnation is gone
/// (docs/architecture.md#membership).
package struct ClusterView: Sendable {
    package typealias Peer = MembershipTable.Peer

    /// The other nodes.
    package private(set) var members: MembershipTable
    /// Instances of this very process: always live, called without a transport.
    package private(set) var local: [InstanceID: InstanceDescription] = [:]
    /// Those of them that are on standby: another process has taken their Id.
    private(set) var standby: Set<InstanceID> = []
    package var peers: [NodeID: Peer] { members.peers }
    /// Counts changes of who is live, and of who is unreachable.
    package private(set) var version: UInt64 = 0

    /// How busy instances of other nodes were when they replied last.
    private var loads: [InstanceID: (load: InstanceLoad, told: NIODeadline)] = [:]
    private var byType: [ModuleType: [Candidate]] = [:]
    private var byID: [InstanceID: Candidate] = [:]
    private var unreachable: [InstanceID: Candidate] = [:]
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

    package init(_ members: MembershipTable = MembershipTable()) { self.members = members }

    /// The live instances of a type, ordered by id: the same order in every view of the same instances.
    package func candidates(of type: ModuleType) -> [Candidate] { byType[type] ?? [] }

    /// The live instances that hold sessions, of whatever type.
    package var gates: [InstanceDescription] { byType.values.joined().map(\.instance).filter(\.isGate) }

    /// The live instances that may own a group whose name says this: those of a type, or the Gates; ordered by id.
    func owners(_ type: ModuleType?) -> [Candidate] {
        type.map { candidates(of: $0).filter { $0.instance.generation != nil } } ?? gateOwners
    }

    /// The live instance of an Id. A local instance wins even while it is on standby, because its sessions live here.
    package func candidate(_ id: InstanceID) -> Candidate? { byID[id] }

    /// An instance of a node that is unreachable, and not proven gone.
    func unreachable(_ id: InstanceID) -> Candidate? { unreachable[id] }

    package mutating func addLocal(_ instance: InstanceDescription) {
        local[instance.id] = instance
        index()
    }

    package mutating func removeLocal(_ id: InstanceID) {
        guard local.removeValue(forKey: id) != nil else { return }
        standby.remove(id)
        index()
    }

    /// An instance of this process is on standby, for another process has its Id, or no longer. It serves its type only while
    /// that one is not live.
    mutating func setStandby(_ isStandby: Bool, _ id: InstanceID) {
        guard local[id] != nil else { return }
        if isStandby { standby.insert(id) } else { standby.remove(id) }
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

    // MARK: Other nodes

    /// Takes a peer's announcement in.
    /// - Returns: the queues that it proves gone.
    package mutating func apply(_ announcement: Announcement, now: NIODeadline) -> [QueueName] {
        change { $0.apply(announcement, now: now).gone }
    }

    /// Takes in what an announcement says of other nodes.
    package mutating func learn(_ others: [Announcement], now: NIODeadline) {
        guard !others.isEmpty else { return }
        change { members in
            for other in others { members.learn(other, now: now) }
        }
    }

    /// Takes a claim in that a peer does not answer.
    package mutating func apply(_ claim: MembershipTable.Claim) { change { _ = $0.apply(claim) } }

    /// Takes proof in that queues are gone.
    package mutating func apply(_ proof: MembershipTable.Proof, now: NIODeadline) {
        change { $0.apply(proof, now: now) }
    }

    /// Takes an incarnation out because a message to its queue came back.
    package mutating func remove(queue: QueueName) { change { $0.remove(queue) } }

    /// Changes what is known of other nodes.
    mutating func change<Result>(_ body: (inout MembershipTable) -> Result) -> Result {
        let before = members.revision
        let result = body(&members)
        if members.revision != before { index() }
        return result
    }

    /// Whether an incarnation was withdrawn by a node that is there: it answers the calls that it has, whether its queue is
    /// still there or not.
    func isLeaving(_ queue: QueueName) -> Bool { peers.values.contains { $0.leaving[queue] != nil } }

    /// Whether an incarnation will not come back: its node has said goodbye, or another one has its Id.
    func isGone(_ id: IncarnationID) -> Bool {
        guard !members.hasLeft(id.node) else { return true }
        return byID[id.instance].map { !$0.isLocal } ?? false
    }

    // MARK: Load

    /// Takes in how busy an instance was when it replied.
    mutating func note(_ load: InstanceLoad, of instance: InstanceID, now: NIODeadline) {
        guard byID[instance]?.isLocal == false else { return }
        loads[instance] = (load, now)
    }

    /// How busy an instance is, as far as that is known: one that told nothing of late is taken for idle.
    func load(of instance: InstanceID, now: NIODeadline) -> InstanceLoad {
        guard let known = loads[instance], now - known.told < members.timing.loadMemory else { return InstanceLoad() }
        return known.load
    }

    private mutating func index() {
        var serving: [InstanceID: Candidate] = [:]
        var unreachable: [InstanceID: Candidate] = [:]
        for peer in peers.values {
            for instance in peer.instances {
                let candidate = Candidate(instance: instance, isLocal: false)
                if peer.reachability == .reachable {
                    serving[instance.id] = candidate
                } else {
                    unreachable[instance.id] = candidate
                }
            }
        }
        byID = serving
        for instance in local.values {
            let candidate = Candidate(instance: instance, isLocal: true)
            byID[instance.id] = candidate
            if serving[instance.id] == nil || !standby.contains(instance.id) { serving[instance.id] = candidate }
        }
        let queues = (serving: Self.queues(serving), unreachable: Self.queues(unreachable))
        let leavingQueues = Set(peers.values.lazy.flatMap(\.leaving.keys))
        let owningTypes = Set(serving.values.lazy.filter(\.instance.ownsGroups).map(\.instance.type))
        if queues != (servingQueues, Self.queues(self.unreachable)) || leavingQueues != self.leavingQueues
            || owningTypes != self.owningTypes
        {
            version += 1
        }
        (servingQueues, self.leavingQueues, self.owningTypes) = (queues.serving, leavingQueues, owningTypes)
        self.unreachable = unreachable
        if !loads.isEmpty { loads = loads.filter { serving[$0.key] != nil } }
        let ordered = serving.values.sorted { $0.instance.id < $1.instance.id }
        byType = Dictionary(grouping: ordered, by: \.instance.type)
        gateOwners = ordered.filter { $0.instance.isGate && $0.instance.generation != nil }
    }

    private static func queues(_ candidates: [InstanceID: Candidate]) -> Set<QueueName> {
        Set(candidates.values.map(\.instance.queue))
    }
}

package import NIOCore

/// The other nodes of the cluster, as this node knows them: who they are, what they serve, whether they answer.
///
/// Nodes announce themselves when something changes; neighbours in the ring find out who is gone or does not answer, and tell
/// all (docs/architecture.md#membership). Everything else that has to do with peers is asked of this one value.
package struct MembershipTable: Sendable {
    package struct Peer: Sendable {
        /// Its own name: this node knows a process that it meets at a second broker by another.
        var name: NodeID
        /// At which of this node's brokers it is.
        var broker: Int
        package var host: String
        var sequence: UInt64
        /// When it last gave a sign of life to this node itself.
        var heard: NIODeadline
        /// When its present connection was first heard on this node's present one; nil: not yet.
        var since: NIODeadline?
        package var reachability = Reachability.reachable
        package var instances: [InstanceDescription]
        /// Instances that are not announced any more, and may still finish calls, by their queues.
        var leaving: [QueueName: InstanceDescription] = [:]
        /// The queue that is there as long as the node's connection is.
        var replies: QueueName?
        /// Whether it probes its neighbours.
        var isProbing: Bool
        /// Whether its queues take batches.
        var readsBatches: Bool

        /// What a probe goes to: one queue where that stands for all.
        var probedQueues: [QueueName] { replies.map { [$0] } ?? instances.map(\.queue).sorted() }
        var queues: [QueueName] { instances.map(\.queue) + (replies.map { [$0] } ?? []) }
    }

    /// A proof that queues are gone.
    package struct Proof: Sendable, Hashable {
        package var node: NodeID
        package var queues: [QueueName]

        package init(node: NodeID, queues: [QueueName]) {
            self.node = node
            self.queues = queues
        }
    }

    /// That a node does not answer, as far as it has been heard.
    package struct Claim: Sendable, Hashable {
        package var node: NodeID
        /// Its last announcement that the claimant knows: a later one refutes this.
        package var sequence: UInt64

        package init(node: NodeID, sequence: UInt64) {
            self.node = node
            self.sequence = sequence
        }
    }

    package let timing: MembershipTiming
    private var own: NodeID
    package private(set) var peers: [NodeID: Peer] = [:]
    /// Counts changes of all but signs of life.
    package private(set) var revision: UInt64 = 0
    /// Instances that are expected to come back.
    package var expected: ExpectedReconnects
    private var ring = RingFailureDetector()
    /// The peers of each broker, in the order of their names.
    private var order: [Int: [NodeID]] = [:]
    /// Which node serves an Id.
    private var holders: [InstanceID: NodeID] = [:]
    /// Who announced an Id before the node that serves it, and has not said that it does no more.
    private var displaced: [InstanceID: [NodeID: InstanceDescription]] = [:]
    private var goodbyes: [NodeID: NIODeadline] = [:]
    private var goneQueues: [QueueName: NIODeadline] = [:]

    /// - Parameter own: this node.
    package init(own: NodeID = "", timing: MembershipTiming = .init()) {
        self.own = own
        self.timing = timing
        expected = ExpectedReconnects(timing: timing)
    }

    /// The same cluster as one of its nodes knows it.
    func seen(from node: NodeID) -> MembershipTable {
        var table = self
        table.forget(node)
        table.own = node
        return table
    }

    // MARK: Announcements

    /// What an announcement comes to.
    package struct Outcome: Sendable {
        /// False: it is older than what is known.
        var isTaken = false
        /// Queues that it proves gone.
        var gone: [QueueName] = []
        /// Whether who is there, or what they serve, is another now.
        var isChange = false
    }

    /// Takes a peer's announcement in.
    package mutating func apply(_ announcement: Announcement, now: NIODeadline) -> Outcome {
        let node = announcement.node
        let known = peers[node]
        guard goodbyes[node] == nil, !isOvertaken(announcement, now) else { return Outcome() }
        if let known, known.sequence >= announcement.sequence {
            // An answer repeats the last one. It is a sign of life all the same.
            if known.sequence == announcement.sequence, !announcement.isGoodbye {
                expected.heard(announcement)
                heard(node, known, now)
            }
            return Outcome()
        }
        expected.heard(announcement)
        guard !announcement.isGoodbye else { return sayGoodbye(node, known, now) }
        var peer = Peer(
            name: announcement.name ?? node, broker: announcement.broker, host: announcement.host,
            sequence: announcement.sequence, heard: now, since: now, instances: announcement.instances,
            replies: announcement.replies, isProbing: announcement.isProbing, readsBatches: announcement.readsBatches)
        if let known, known.replies == announcement.replies, let since = known.since { peer.since = since }
        peer.leaving = known?.leaving ?? [:]
        var gone: Set<QueueName> = []
        for instance in known?.instances ?? [] {
            if let announced = announcement.instances.first(where: { $0.id == instance.id }) {
                if announced.queue != instance.queue { gone.insert(instance.queue) }
            } else {
                // It takes no new calls, and answers those that it has: no proof of anything.
                peer.leaving[instance.queue] = instance
                release(instance.id, by: node)
            }
        }
        if known == nil {
            forgetIdle(now)
            insert(node, peer)
        }
        peers[node] = peer
        ring.heard(node)
        gone.formUnion(takeIDs(announcement.instances, for: node))
        let isChange =
            !gone.isEmpty
            || known.map { known in
                known.reachability != .reachable || known.instances != peer.instances || known.replies != peer.replies
                    || known.readsBatches != peer.readsBatches
            } ?? true
        if isChange { revision += 1 }
        return Outcome(isTaken: true, gone: gone.sorted(), isChange: isChange)
    }

    private mutating func sayGoodbye(_ node: NodeID, _ known: Peer?, _ now: NIODeadline) -> Outcome {
        goodbyes = goodbyes.filter { now - $0.value < timing.goodbyeMemory }
        goodbyes[node] = now
        guard let known else { return Outcome(isTaken: true) }
        forget(node)
        return Outcome(isTaken: true, gone: known.instances.map(\.queue) + known.leaving.keys, isChange: true)
    }

    /// Whether it was sent before its node was proven gone.
    private func isOvertaken(_ announcement: Announcement, _ now: NIODeadline) -> Bool {
        guard !goneQueues.isEmpty else { return false }
        let queues = announcement.instances.map(\.queue) + (announcement.replies.map { [$0] } ?? [])
        return queues.contains { goneQueues[$0].map { now - $0 < timing.overtakenTime } ?? false }
    }

    /// An Id has one holder (its lock says so): whoever announces it now has it, and an older holder is gone.
    /// - Returns: the queues of those.
    private mutating func takeIDs(_ instances: [InstanceDescription], for node: NodeID) -> [QueueName] {
        var gone: [QueueName] = []
        for instance in instances {
            if let other = holders[instance.id], other != node, var peer = peers[other] {
                for former in peer.instances where former.id == instance.id {
                    gone.append(former.queue)
                    displaced[instance.id, default: [:]][other] = former
                }
                peer.instances.removeAll { $0.id == instance.id }
                peers[other] = peer
            }
            holders[instance.id] = node
            if displaced[instance.id] != nil { displaced[instance.id]?[node] = nil }
        }
        return gone
    }

    /// A node serves an Id no longer. Whoever it took the Id from, and is still there, serves it again.
    private mutating func release(_ id: InstanceID, by node: NodeID) {
        if displaced[id] != nil { displaced[id]?[node] = nil }
        guard holders[id] == node else { return }
        holders[id] = nil
        guard let others = displaced.removeValue(forKey: id) else { return }
        for other in others.keys.sorted() where peers[other] != nil {
            guard let instance = others[other] else { continue }
            if let former = holders[id] {
                displaced[id, default: [:]][former] = others[former]
                peers[former]?.instances.removeAll { $0.id == id }
            }
            peers[other]?.instances.append(instance)
            holders[id] = other
        }
    }

    // MARK: Signs of life

    /// A peer answered a probe.
    /// - Returns: what it has to be told: that it is taken for unreachable, and where it is.
    package mutating func answered(_ node: NodeID, now: NIODeadline) -> (claim: Claim, queue: QueueName)? {
        guard let peer = peers[node] else { return nil }
        peers[node]?.heard = now
        ring.heard(node)
        // It alone can say so to all.
        guard peer.reachability == .unreachable, let queue = peer.replies else { return nil }
        return (Claim(node: node, sequence: peer.sequence), queue)
    }

    private mutating func heard(_ node: NodeID, _ known: Peer, _ now: NIODeadline) {
        peers[node]?.heard = now
        if known.since == nil { peers[node]?.since = now }
        ring.heard(node)
    }

    /// Decides whom to probe now, and who is unreachable, as this node then knows and has to tell all.
    /// - Parameter isJudging: whether silence counts: this node can be heard and hears itself.
    package mutating func watch(isJudging: Bool, now: NIODeadline) -> (queues: [QueueName], claims: [Claim]) {
        var queues: [QueueName] = []
        var claims: [Claim] = []
        for names in order.values {
            let next = index(of: own, in: names)
            let round = ring.round(
                [names[next...], names[..<next]].joined(), peers, isJudging: isJudging, now: now, timing)
            queues += round.queues
            for name in round.unreachable {
                guard let peer = peers[name] else { continue }
                claims.append(Claim(node: name, sequence: peer.sequence))
            }
        }
        for claim in claims { _ = apply(claim) }
        return (queues, claims)
    }

    /// Nobody's silence so far counts: nobody could be heard.
    package mutating func forgiveSilence() { ring.forget() }

    /// This node's connection was lost. Of those who are not heard any more once it is back, others may have told meanwhile
    /// that they are gone, and will not again: to this node, all others are newcomers.
    package mutating func connectionLost() {
        for name in peers.keys { peers[name]?.since = nil }
        ring.forget()
    }

    // MARK: Findings

    /// Somebody found a peer unreachable.
    /// - Returns: whether that is news.
    package mutating func apply(_ claim: Claim) -> Bool {
        guard let peer = peers[claim.node], peer.sequence <= claim.sequence, peer.reachability == .reachable else {
            return false
        }
        peers[claim.node]?.reachability = .unreachable
        revision += 1
        return true
    }

    /// What a probe proves that came back from a queue; nil: nothing of a node. An instance may be withdrawn while its node
    /// lives on.
    package func proof(by queue: QueueName) -> Proof? {
        for (name, peer) in peers {
            if peer.replies == queue { return Proof(node: name, queues: peer.queues.sorted()) }
            if peer.replies == nil, peer.instances.contains(where: { $0.queue == queue }) {
                return Proof(node: name, queues: [queue])
            }
        }
        return nil
    }

    /// Takes queues out that are proven gone, and their node with the one that stands for all, or the last.
    package mutating func apply(_ proof: Proof, now: NIODeadline) {
        goneQueues = goneQueues.filter { now - $0.value < timing.overtakenTime }
        for queue in proof.queues { goneQueues[queue] = now }
        guard let peer = peers[proof.node] else { return }
        let queues = Set(proof.queues)
        if let replies = peer.replies, queues.contains(replies) { return forget(proof.node) }
        removeInstances(of: proof.node) { queues.contains($0) }
        guard let peer = peers[proof.node], peer.instances.isEmpty, peer.replies == nil else { return }
        forget(proof.node)
    }

    /// Takes an incarnation out because a message to its queue came back.
    package mutating func remove(_ queue: QueueName) {
        for (name, peer) in peers where peer.instances.contains(where: { $0.queue == queue }) {
            removeInstances(of: name) { $0 == queue }
        }
    }

    private mutating func removeInstances(of node: NodeID, where isGone: (QueueName) -> Bool) {
        guard var peer = peers[node] else { return }
        let before = peer.instances.count + peer.leaving.count
        let gone = peer.instances.filter { isGone($0.queue) }.map(\.id)
        peer.instances.removeAll { isGone($0.queue) }
        peer.leaving = peer.leaving.filter { !isGone($0.key) }
        for (id, others) in displaced {
            if let instance = others[node], isGone(instance.queue) { displaced[id]?[node] = nil }
        }
        guard peer.instances.count + peer.leaving.count != before else { return }
        peers[node] = peer
        for id in gone { release(id, by: node) }
        revision += 1
    }

    private mutating func forgetIdle(_ now: NIODeadline) {
        for (name, peer) in peers where peer.queues.isEmpty && now - peer.heard > timing.idleMemory { forget(name) }
    }

    // MARK: Queries

    /// Whether the node said goodbye of late.
    package func hasLeft(_ node: NodeID) -> Bool { goodbyes[node] != nil }

    /// Where the next nodes in the ring are reached.
    package var neighbours: [QueueName] {
        order.values.flatMap { names in
            let next = index(of: own, in: names)
            return [names[next...], names[..<next]].joined().prefix(timing.maximumProbed)
                .compactMap { peers[$0]?.replies }
        }
    }

    /// The queues that take batches.
    package var batchReaders: Set<QueueName> {
        peers.values.reduce(into: []) { if $1.readsBatches { $0.formUnion($1.queues) } }
    }

    // MARK: The ring

    private mutating func insert(_ node: NodeID, _ peer: Peer) {
        var names = order[peer.broker] ?? []
        // By the names that the peers themselves know.
        names.insert(node, at: index(of: peer.name, in: names))
        order[peer.broker] = names
        peers[node] = peer
    }

    private mutating func forget(_ node: NodeID) {
        guard let peer = peers.removeValue(forKey: node) else { return }
        for id in displaced.keys { displaced[id]?[node] = nil }
        for instance in peer.instances { release(instance.id, by: node) }
        order[peer.broker]?.removeAll { $0 == node }
        if order[peer.broker]?.isEmpty == true { order[peer.broker] = nil }
        ring.heard(node)
        revision += 1
    }

    /// Where a name is in a ring, or would be.
    private func index(of name: NodeID, in names: [NodeID]) -> Int {
        var (low, high) = (0, names.count)
        while low < high {
            let middle = (low + high) / 2
            if let other = peers[names[middle]]?.name, other < name { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

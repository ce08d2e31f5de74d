package import NIOCore

/// The other nodes of the cluster, as this node knows them: who they are, what they serve, whether they answer.
///
/// Nodes announce themselves when something changes; neighbours in the ring find out who is gone or does not answer,
/// and tell all (docs/architecture.md#membership). Everything else that has to do with peers is asked of this one
/// value.
package struct MembershipTable: Sendable {
    package let timing: MembershipTiming
    private var own: NodeID
    package private(set) var peers: [NodeID: Peer] = [:]
    /// Counts changes of all but signs of life.
    package private(set) var revision: UInt64 = 0
    /// Instances that are expected to come back.
    package var expected: ExpectedReconnects
    private var detector = RingFailureDetector()
    private var rings = PeerRings()
    private var holders = IDHolders()
    private var departures: Departures

    /// - Parameter own: this node.
    package init(own: NodeID = "", timing: MembershipTiming = .init()) {
        self.own = own
        self.timing = timing
        expected = ExpectedReconnects(timing: timing)
        departures = Departures(timing: timing)
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
        guard !departures.hasLeft(node), !departures.isOvertaken(announcement, now: now) else { return Outcome() }
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
        var peer = Peer(announcement, known: known, now: now)
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
            rings.insert(node, named: peer.name, at: peer.broker)
        }
        peers[node] = peer
        detector.heard(node)
        gone.formUnion(takeIDs(announcement.instances, for: node))
        let isChange = !gone.isEmpty || known.map { peer.differs(from: $0) } ?? true
        if isChange { revision += 1 }
        return Outcome(isTaken: true, gone: gone.sorted(), isChange: isChange)
    }

    /// Takes in what another node says of a peer that this node has not heard itself: it stands still maybe, and yet what is
    /// pushed now is meant for its sessions too.
    package mutating func learn(_ announcement: Announcement, now: NIODeadline) {
        let node = announcement.node
        guard node != own, announcement.name != own, peers[node] == nil, !announcement.isGoodbye,
            !departures.hasLeft(node), !departures.isOvertaken(announcement, now: now)
        else { return }
        var peer = Peer(announcement, known: nil, now: now)
        (peer.heard, peer.since) = (.distantPast, nil)
        peer.reachability = announcement.isUnreachable ? .unreachable : .reachable
        // Who was heard itself has the Id.
        peer.instances.removeAll { holders.hasHolder($0.id) }
        rings.insert(node, named: peer.name, at: peer.broker)
        peers[node] = peer
        _ = takeIDs(peer.instances, for: node)
        revision += 1
    }

    /// What this node tells a newcomer of the others, if it is one of the few that do: each of them alone would do, but may
    /// be about to stand still. Nothing to whoever serves already, and has heard all others.
    /// - Parameter queue: the newcomer's queue of replies.
    /// - Returns: as many messages as that takes; empty: nothing.
    func introductions(to queue: QueueName) -> [[Announcement]] {
        guard let (newcomer, asking) = peers.first(where: { $0.value.replies == queue }), asking.instances.isEmpty
        else {
            return []
        }
        let weight = RendezvousHash.weight(InstanceID(own.rawValue), asking.name.rawValue)
        let larger = peers.values.lazy.filter { peer in
            peer.broker == asking.broker && peer.reachability == .reachable && peer.isProbing
                && !peer.instances.isEmpty
                && RendezvousHash.weight(InstanceID(peer.name.rawValue), asking.name.rawValue) > weight
        }
        guard larger.prefix(timing.introducers).count < timing.introducers else { return [] }
        // Most nodes tell nothing, and so collect nothing.
        let told = peers.filter { $0.key != newcomer && $0.value.broker == asking.broker }
        var messages: [[Announcement]] = []
        var room = 0
        for (name, peer) in told.sorted(by: { $0.key < $1.key }) {
            if room <= 0 {
                messages.append([])
                room = timing.introducedInstances
            }
            messages[messages.count - 1].append(peer.announcement(of: name))
            room -= 1 + peer.instances.count
        }
        return messages
    }

    private mutating func sayGoodbye(_ node: NodeID, _ known: Peer?, _ now: NIODeadline) -> Outcome {
        departures.left(node, now: now)
        guard let known else { return Outcome(isTaken: true) }
        forget(node)
        return Outcome(isTaken: true, gone: known.instances.map(\.queue) + known.leaving.keys, isChange: true)
    }

    /// An Id has one holder (its lock says so): whoever announces it now has it, and an older holder is gone.
    /// - Returns: the queues of those.
    private mutating func takeIDs(_ instances: [InstanceDescription], for node: NodeID) -> [QueueName] {
        var gone: [QueueName] = []
        for instance in instances {
            guard let other = holders.take(instance.id, by: node), var peer = peers[other] else { continue }
            for former in peer.instances where former.id == instance.id {
                gone.append(former.queue)
                holders.displace(former, of: other)
            }
            peer.instances.removeAll { $0.id == instance.id }
            peers[other] = peer
        }
        return gone
    }

    /// A node serves an Id no longer. Whoever it took the Id from, and is still there, serves it again.
    private mutating func release(_ id: InstanceID, by node: NodeID) {
        guard let (other, instance) = holders.release(id, by: node, isThere: { [peers] in peers[$0] != nil }) else {
            return
        }
        peers[other]?.instances.append(instance)
    }

    // MARK: Signs of life

    /// A peer answered a probe.
    /// - Returns: what it has to be told: that it is taken for unreachable, and where it is.
    package mutating func answered(_ node: NodeID, now: NIODeadline) -> (claim: Claim, queue: QueueName)? {
        guard let peer = peers[node] else { return nil }
        peers[node]?.heard = now
        detector.heard(node)
        // It alone can say so to all.
        guard peer.reachability == .unreachable, let queue = peer.replies else { return nil }
        return (Claim(node: node, sequence: peer.sequence), queue)
    }

    private mutating func heard(_ node: NodeID, _ known: Peer, _ now: NIODeadline) {
        peers[node]?.heard = now
        if known.since == nil { peers[node]?.since = now }
        detector.heard(node)
    }

    /// Decides whom to probe now, and who is unreachable, as this node then knows and has to tell all.
    /// - Parameter isJudging: whether silence counts: this node can be heard and hears itself.
    package mutating func watch(isJudging: Bool, now: NIODeadline) -> (queues: [QueueName], claims: [Claim]) {
        var queues: [QueueName] = []
        var claims: [Claim] = []
        for ring in rings.behind(own) {
            let round = detector.round(ring, peers, isJudging: isJudging, now: now, timing)
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
    package mutating func forgiveSilence() { detector.forget() }

    /// This node's connection was lost. Of those who are not heard any more once it is back, others may have told
    /// meanwhile that they are gone, and will not again: to this node, all others are newcomers.
    package mutating func connectionLost() {
        for name in peers.keys { peers[name]?.since = nil }
        detector.forget()
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

    /// What a probe proves that came back from a queue; nil: nothing of a node. An instance may be withdrawn while its
    /// node lives on.
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
        departures.gone(proof.queues, now: now)
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
        holders.forget(node, where: isGone)
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
    package func hasLeft(_ node: NodeID) -> Bool { departures.hasLeft(node) }

    /// Where the next nodes in the ring are reached.
    package var neighbours: [QueueName] {
        rings.behind(own).flatMap { ring in
            ring.prefix(timing.maximumProbed).compactMap { peers[$0]?.replies }
        }
    }

    /// The queues that take batches.
    package var batchReaders: Set<QueueName> {
        peers.values.reduce(into: []) { if $1.readsBatches { $0.formUnion($1.queues) } }
    }

    private mutating func forget(_ node: NodeID) {
        guard let peer = peers.removeValue(forKey: node) else { return }
        holders.forget(node)
        for instance in peer.instances { release(instance.id, by: node) }
        rings.remove(node, at: peer.broker)
        detector.heard(node)
        revision += 1
    }
}

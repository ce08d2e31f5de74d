import NIOCore

extension ClusterView {
    /// Chooses the instance that a call goes to.
    ///
    /// A call for one instance goes to it even while it is unreachable: there is nowhere else to go, and silence proves
    /// nothing (docs/architecture.md#failure-semantics). Calls that any instance may serve go to those that are live.
    /// - Parameters:
    ///   - excluded: queues that are proven gone, or refused this very call before.
    ///   - isFull: whether a local instance is full at this moment.
    /// - Throws: `RPCError` `notFound` if there is none.
    package func route(
        _ endpoint: Endpoint, excluding excluded: [QueueName] = [], isFull: (InstanceID) -> Bool
    ) throws(RPCError) -> Candidate {
        switch endpoint.kind {
        case .instance(let id):
            guard let candidate = candidate(id) ?? unreachable(id), !excluded.contains(candidate.instance.queue) else {
                throw .instanceNotFound
            }
            return candidate
        case .any(let type):
            return try chooseAny(live(type, excluding: excluded), type, isFull)
        case .keyed(let type, let key):
            let live = live(type, excluding: excluded)
            if live.count == 1, let only = live.first { return only }
            guard let owner = RendezvousHash.owner(of: key, among: live.map(\.instance.id)),
                let candidate = live.first(where: { $0.instance.id == owner })
            else { throw .serviceNotFound(type) }
            return candidate
        case .ownerOf(let group):
            let type = group.ownerType
            let live = owners(type).filter { !excluded.contains($0.instance.queue) }
            if live.count == 1, let only = live.first { return only }
            guard let owner = RendezvousHash.owner(of: group.key, among: live.map(\.instance.id)),
                let candidate = live.first(where: { $0.instance.id == owner })
            else { throw .serviceNotFound(type ?? "Gate") }
            return candidate
        }
    }

    /// The live instance that owns a key, and the one that will if that one goes; nil where there is none.
    package func ownerAndHeir(of key: String, _ type: ModuleType) -> (owner: Candidate?, heir: Candidate?) {
        let live = candidates(of: type)
        guard live.count > 1 else { return (live.first, nil) }
        let (owner, heir) = RendezvousHash.ownerAndHeir(of: key, among: live.map(\.instance.id))
        return (live.first { $0.instance.id == owner }, live.first { $0.instance.id == heir })
    }

    /// Whether the instances answer whose queues these are.
    package func reachability(of queues: some Sequence<QueueName>) -> [QueueName: Reachability] {
        var result: [QueueName: Reachability] = [:]
        for queue in queues { result[queue] = .gone }
        for instance in local.values where result[instance.queue] != nil { result[instance.queue] = .reachable }
        for peer in peers.values {
            for instance in peer.instances where result[instance.queue] != nil {
                result[instance.queue] = peer.reachability
            }
            for queue in peer.leaving.keys where result[queue] != nil { result[queue] = peer.reachability }
        }
        return result
    }

    private func live(_ type: ModuleType, excluding excluded: [QueueName]) -> [Candidate] {
        let all = candidates(of: type)
        return excluded.isEmpty ? all : all.filter { !excluded.contains($0.instance.queue) }
    }

    /// A local instance first unless it is full, else the less busy of two taken at random.
    private func chooseAny(
        _ live: [Candidate], _ type: ModuleType, _ isFull: (InstanceID) -> Bool
    ) throws(RPCError) -> Candidate {
        if live.count == 1, let only = live.first { return only }
        if let local = live.first(where: { $0.isLocal && !isFull($0.instance.id) }) { return local }
        guard !live.isEmpty else { throw .serviceNotFound(type) }
        let now = NIODeadline.now()
        let idle = live.filter { $0.isLocal ? !isFull($0.instance.id) : !load(of: $0.instance.id, now: now).isFull }
        let live = idle.isEmpty ? live : idle
        if live.count == 1, let only = live.first { return only }
        let first = Int.random(in: 0..<live.count)
        let second = (first + Int.random(in: 1..<live.count)) % live.count
        let (one, other) = (live[first], live[second])
        return load(of: one.instance.id, now: now).calls <= load(of: other.instance.id, now: now).calls ? one : other
    }
}

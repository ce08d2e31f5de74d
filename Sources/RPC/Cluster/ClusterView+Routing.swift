extension ClusterView {
    /// Chooses the instance that a call goes to.
    /// - Parameter excluded: queues that are proven gone, or refused this very call before.
    /// - Throws: `RPCError` `notFound` if there is none.
    package func route(_ endpoint: Endpoint, excluding excluded: [QueueName] = []) throws(RPCError) -> Candidate {
        switch endpoint {
        case .instance(let id):
            guard let candidate = candidate(id), !excluded.contains(candidate.instance.queue) else {
                throw .instanceNotFound(id)
            }
            return candidate
        case .any(let type):
            return try chooseAny(live(type, excluding: excluded), type)
        case .keyed(let type, let key):
            let live = live(type, excluding: excluded)
            if live.count == 1, let only = live.first { return only }
            guard let owner = RendezvousHash.owner(of: key, among: live.map(\.instance.id)),
                let candidate = live.first(where: { $0.instance.id == owner })
            else { throw .serviceNotFound(type) }
            return candidate
        }
    }

    private func live(_ type: ModuleType, excluding excluded: [QueueName]) -> [Candidate] {
        let all = candidates(of: type)
        return excluded.isEmpty ? all : all.filter { !excluded.contains($0.instance.queue) }
    }

    /// A local instance first unless it is full, else the less busy of two taken at random.
    private func chooseAny(_ live: [Candidate], _ type: ModuleType) throws(RPCError) -> Candidate {
        if live.count == 1, let only = live.first { return only }
        if let local = live.first(where: { $0.isLocal && !$0.instance.isFull }) { return local }
        guard let one = live.randomElement(), let other = live.randomElement() else { throw .serviceNotFound(type) }
        return one.instance.load <= other.instance.load ? one : other
    }
}

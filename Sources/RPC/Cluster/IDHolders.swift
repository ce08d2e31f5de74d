/// Which node serves each Id, and which ones announced it before. A pure value.
///
/// An Id has one holder: whoever announces it now. When that one serves it no longer, a former holder that is still
/// there, and has not said that it does no more, serves it again.
struct IDHolders: Sendable {
    private var holders: [InstanceID: NodeID] = [:]
    /// What former holders announced.
    private var displaced: [InstanceID: [NodeID: InstanceDescription]] = [:]

    /// A node announces an Id.
    /// - Returns: the node that had it until now.
    mutating func take(_ id: InstanceID, by node: NodeID) -> NodeID? {
        remove(id, of: node)
        let former = holders.updateValue(node, forKey: id)
        return former == node ? nil : former
    }

    /// Whether a node serves the Id.
    func hasHolder(_ id: InstanceID) -> Bool { holders[id] != nil }

    /// A former holder's instance may be served again.
    mutating func displace(_ instance: InstanceDescription, of node: NodeID) {
        displaced[instance.id, default: [:]][node] = instance
    }

    /// A node serves an Id no longer.
    /// - Parameter isThere: whether a node is still there.
    /// - Returns: the former holder that serves it again, and what it announced.
    mutating func release(
        _ id: InstanceID, by node: NodeID, isThere: (NodeID) -> Bool
    ) -> (node: NodeID, instance: InstanceDescription)? {
        remove(id, of: node)
        guard holders[id] == node else { return nil }
        holders[id] = nil
        guard var others = displaced.removeValue(forKey: id)?.filter({ isThere($0.key) }),
            let next = others.keys.max(), let instance = others.removeValue(forKey: next)
        else { return nil }
        holders[id] = next
        if !others.isEmpty { displaced[id] = others }
        return (next, instance)
    }

    /// A node, or some of its queues, are gone: it serves none of these again.
    mutating func forget(_ node: NodeID, where isGone: (QueueName) -> Bool = { _ in true }) {
        for (id, others) in displaced {
            if let instance = others[node], isGone(instance.queue) { remove(id, of: node) }
        }
    }

    private mutating func remove(_ id: InstanceID, of node: NodeID) {
        guard displaced[id] != nil else { return }
        displaced[id]?[node] = nil
        if displaced[id]?.isEmpty == true { displaced[id] = nil }
    }
}

/// What has happened in the cluster since the last look at it. A pure value.
///
/// A new incarnation of an instance, after a reconnect that nobody noticed, is no news.
struct MembershipChanges: Sendable {
    /// A change of whether an instance is there, for the log.
    struct Line: Sendable, Hashable {
        var instance: InstanceID
        var host: String
        /// `gone`: withdrawn, or proven gone.
        var reachability: Reachability
    }

    private struct Node: Sendable {
        var host: String
        var reachability: Reachability
    }

    private struct Instance: Sendable {
        var type: ModuleType
        var node: NodeID
        var host: String
        var reachability: Reachability
    }

    private var revision: UInt64 = 0
    private var nodes: [NodeID: Node] = [:]
    private var instances: [InstanceID: Instance] = [:]

    /// What has changed since the last time: events in the order in which they are to be told, and lines by Id.
    mutating func changes(in members: MembershipTable) -> (events: [MembershipEvent], lines: [Line]) {
        guard members.revision != revision else { return ([], []) }
        revision = members.revision
        let (formerNodes, formerInstances) = (nodes, instances)
        (nodes, instances) = ([:], [:])
        for (name, peer) in members.peers {
            nodes[name] = Node(host: peer.host, reachability: peer.reachability)
            for instance in peer.instances {
                instances[instance.id] = Instance(
                    type: instance.type, node: name, host: peer.host, reachability: peer.reachability)
            }
        }
        var events: [MembershipEvent] = []
        for (id, former) in formerInstances.sorted(by: { $0.key < $1.key }) where instances[id]?.node != former.node {
            events.append(event(.withdrawn, id, former))
        }
        for (name, former) in formerNodes.sorted(by: { $0.key < $1.key }) where nodes[name] == nil {
            events.append(
                MembershipEvent(kind: members.hasLeft(name) ? .left : .died, node: name, host: former.host))
        }
        for (name, node) in nodes.sorted(by: { $0.key < $1.key }) {
            let former = formerNodes[name]?.reachability
            if former == nil { events.append(MembershipEvent(kind: .joined, node: name, host: node.host)) }
            guard node.reachability != former ?? .reachable else { continue }
            events.append(
                MembershipEvent(
                    kind: node.reachability == .reachable ? .reachable : .unreachable, node: name, host: node.host))
        }
        for (id, instance) in instances.sorted(by: { $0.key < $1.key })
        where formerInstances[id]?.node != instance.node {
            events.append(event(.served, id, instance))
        }
        var lines = instances.filter { formerInstances[$0.key]?.reachability != $0.value.reachability }
            .map { Line(instance: $0.key, host: $0.value.host, reachability: $0.value.reachability) }
        lines += formerInstances.filter { instances[$0.key] == nil }
            .map { Line(instance: $0.key, host: $0.value.host, reachability: .gone) }
        return (events, lines.sorted { $0.instance < $1.instance })
    }

    /// What tells somebody who has heard nothing yet of all that is known.
    var introduction: [MembershipEvent] {
        var events: [MembershipEvent] = []
        for (name, node) in nodes.sorted(by: { $0.key < $1.key }) {
            events.append(MembershipEvent(kind: .joined, node: name, host: node.host))
            guard node.reachability != .reachable else { continue }
            events.append(MembershipEvent(kind: .unreachable, node: name, host: node.host))
        }
        return events + instances.sorted { $0.key < $1.key }.map { event(.served, $0.key, $0.value) }
    }

    private func event(_ kind: MembershipEvent.Kind, _ id: InstanceID, _ instance: Instance) -> MembershipEvent {
        MembershipEvent(kind: kind, node: instance.node, host: instance.host, instance: id, type: instance.type)
    }
}

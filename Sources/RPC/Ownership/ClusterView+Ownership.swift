/// Whom owners and Gates are to tell, as a node's view has it.
extension ClusterView {
    /// Incarnations and where they are.
    typealias Incarnations = [IncarnationID: QueueAddress]

    /// The instances among which owners are chosen, and those that may take themselves for owners though they are none: unreachable
    /// ones, ones about to go, and those that give way to another of their Id.
    /// - Parameters:
    ///   - type: what the groups' names say; nil: Gates.
    ///   - node: this node.
    func ownerIncarnations(_ type: ModuleType?, on node: NodeID) -> (live: Incarnations, others: Incarnations) {
        let live = Set(owners(type).map(\.instance.queue))
        var result: (live: Incarnations, others: Incarnations) = ([:], [:])
        forEachInstance(on: node) { id, address, instance in
            guard type.map({ instance.type == $0 }) ?? instance.isGate else { return }
            if live.contains(instance.queue) { result.live[id] = address } else { result.others[id] = address }
        }
        return result
    }

    /// All Gates that are not proven gone.
    func gateIncarnations(on node: NodeID) -> Incarnations {
        var result: Incarnations = [:]
        forEachInstance(on: node) { id, address, instance in
            if instance.isGate { result[id] = address }
        }
        return result
    }

    /// Incarnations that answer what they are told: those of nodes that are neither silent nor gone.
    func answeringIncarnations() -> Set<IncarnationID> {
        var result: Set<IncarnationID> = []
        for (node, peer) in peers where peer.reachability == .reachable {
            for instance in peer.instances + peer.leaving.values {
                result.insert(IncarnationID(instance.id, on: instance.home ?? node, life: instance.life))
            }
        }
        return result
    }

    private func forEachInstance(
        on node: NodeID, _ body: (IncarnationID, QueueAddress, InstanceDescription) -> Void
    ) {
        func visit(_ instance: InstanceDescription, _ node: NodeID) {
            // Others take no part in this.
            guard let generation = instance.generation else { return }
            body(
                IncarnationID(instance.id, on: instance.home ?? node, life: instance.life),
                QueueAddress(instance.queue, generation: generation), instance)
        }
        for instance in local.values { visit(instance, node) }
        for (node, peer) in peers {
            for instance in peer.leaving.values { visit(instance, node) }
            for instance in peer.instances { visit(instance, node) }
        }
    }
}

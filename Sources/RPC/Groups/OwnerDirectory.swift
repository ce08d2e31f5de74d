/// The owners of groups as the Gates of one node know them: those of the cluster, and those of this node. A pure value.
struct OwnerDirectory: Sendable {
    private let node: NodeID
    private var view = ClusterView()
    /// Owners of this node, those that are withdrawn too: they take what they are told at once.
    private var local: [IncarnationID: (type: ModuleType?, address: QueueAddress)] = [:]
    /// Those of other nodes that answer.
    private(set) var answering: Set<IncarnationID> = []

    init(node: NodeID) { self.node = node }

    /// Takes a change of the cluster in.
    mutating func update(_ view: ClusterView) {
        self.view = view
        answering = view.answeringIncarnations()
    }

    /// An owner of this node is there, or not any more.
    mutating func setLocal(_ id: IncarnationID, _ type: ModuleType?, at address: QueueAddress?) {
        local[id] = address.map { (type, $0) }
    }

    /// Instances of this node have other queues.
    mutating func move(_ addresses: [InstanceID: QueueAddress]) {
        for id in local.keys {
            if let address = addresses[id.instance] { local[id]?.address = address }
        }
    }

    func isLocal(_ id: IncarnationID) -> Bool { local[id] != nil }

    /// The types whose instances own groups; nil: the Gates.
    var types: Set<ModuleType?> {
        var types: Set<ModuleType?> = [nil]
        for type in view.owningTypes { types.insert(type) }
        return types
    }

    /// The instances that own the groups of a type, and those that may take themselves for owners.
    func owners(_ type: ModuleType?) -> (live: ClusterView.Incarnations, others: ClusterView.Incarnations) {
        var (live, others) = view.ownerIncarnations(type, on: node)
        // One that is withdrawn takes pushes until its queue is closed.
        for (id, owner) in local where owner.type == type && live[id] == nil { others[id] = owner.address }
        return (live, others)
    }
}

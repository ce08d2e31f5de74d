/// The owners that one Gate knows, all of one module type, and what they know of it. A pure value.
struct KnownOwners: Hashable, Sendable {
    private struct Owner: Hashable, Sendable {
        var address: QueueAddress
        /// What came back from there is no address any more.
        var isReachable = true
        /// The view that was sent there last; nil: it knows nothing of this Gate.
        var toldView: OwnershipView?
    }

    private var owners: [IncarnationID: Owner] = [:]
    /// The live ones of them.
    private var live: [InstanceID: IncarnationID] = [:]
    /// The live instances, by which the Gate says who owns a key.
    private(set) var view = OwnershipView([])
    /// Whether a queue took nothing, of an instance that is not proven gone.
    private(set) var isAnyUnreachable = false

    /// All of them, in a defined order.
    var all: [IncarnationID] { owners.keys.sorted() }

    func isLive(_ id: IncarnationID) -> Bool { live[id.instance] == id }

    /// The live owner of a key; nil: there is none.
    func owner(of key: String) -> IncarnationID? { view.ownerAndHeir(of: key).owner.flatMap { live[$0] } }

    /// The live instances that are to know of a group: its owner and its heir.
    func responsible(for group: GroupName) -> [IncarnationID] {
        let (owner, heir) = view.ownerAndHeir(of: group.key)
        return [owner, heir].compactMap { $0.flatMap { live[$0] } }
    }

    /// Where an owner is reached; nil: nowhere.
    func address(of id: IncarnationID) -> QueueAddress? {
        owners[id].flatMap { $0.isReachable ? $0.address : nil }
    }

    /// The view that an owner was told last; nil: it knows nothing of this Gate.
    func toldView(_ id: IncarnationID) -> OwnershipView? { owners[id]?.toldView }

    /// Whether an owner has been told the present view.
    func knowsView(_ id: IncarnationID) -> Bool { toldView(id) == view }

    // MARK: Changes

    /// Takes a change of the cluster in.
    /// - Parameters:
    ///   - live: the instances that own keys.
    ///   - known: these, and those that are silent or about to go, and not proven gone.
    mutating func update(live: [IncarnationID: QueueAddress], known: [IncarnationID: QueueAddress]) {
        for id in Array(owners.keys) where known[id] == nil { owners[id] = nil }
        for (id, address) in known {
            if let owner = owners[id], owner.address.generation >= address.generation { continue }
            owners[id] = Owner(address: address)
        }
        self.live = Dictionary(live.keys.map { ($0.instance, $0) }) { max($0, $1) }
        view = OwnershipView(self.live.keys)
        isAnyUnreachable = owners.values.contains { !$0.isReachable }
    }

    /// An owner is told the present view.
    mutating func told(_ id: IncarnationID) { owners[id]?.toldView = view }

    /// The queue of an owner took nothing: whoever was behind it is dead, or knows when it is back that it knows
    /// nothing.
    mutating func unreachable(_ id: IncarnationID, at address: QueueAddress) {
        guard owners[id]?.address == address else { return }
        owners[id]?.isReachable = false
        owners[id]?.toldView = nil
        isAnyUnreachable = true
    }

    /// Those whose queues took nothing are to be tried again.
    mutating func retry() {
        for id in Array(owners.keys) { owners[id]?.isReachable = true }
        isAnyUnreachable = false
    }

    /// Nobody knows anything of this Gate any more.
    mutating func forgetTold() {
        retry()
        for id in Array(owners.keys) { owners[id]?.toldView = nil }
    }
}

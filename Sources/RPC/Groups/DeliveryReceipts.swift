/// The deliveries of other nodes' owners that one Gate has not told them of. A pure value.
struct DeliveryReceipts: Sendable {
    /// Deliveries after which a Gate tells their owner at once that they have come.
    private static var acknowledgedCount: Int { 64 }

    private var counts: [IncarnationID: (type: ModuleType?, count: Int)] = [:]

    var isEmpty: Bool { counts.isEmpty }
    var owners: [IncarnationID] { Array(counts.keys) }

    /// A delivery has come.
    /// - Parameter type: what its owner is among; nil: the Gates.
    /// - Returns: whether to acknowledge at once.
    mutating func add(_ owner: IncarnationID, _ type: ModuleType?) -> Bool {
        counts[owner, default: (type, 0)].count += 1
        return counts[owner]?.count ?? 0 >= Self.acknowledgedCount
    }

    /// All deliveries of an owner are acknowledged now.
    /// - Returns: how many there were, and the owner's type; nil: there were none.
    mutating func acknowledge(_ owner: IncarnationID) -> (type: ModuleType?, count: Int)? {
        counts.removeValue(forKey: owner)
    }
}

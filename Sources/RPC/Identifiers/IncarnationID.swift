/// One life of an instance, from the start of its process to its end: what it knows ends with it.
///
/// A reconnect is no new life: the instance gets another queue (`QueueAddress`), and knows what it knew.
struct IncarnationID: Hashable, Sendable, Codable, Comparable {
    var instance: InstanceID
    /// The process that serves it.
    var node: NodeID
    /// Tells the lives of an instance in one process apart.
    var life: UInt64

    init(_ instance: InstanceID, on node: NodeID, life: UInt64 = 0) {
        self.instance = instance
        self.node = node
        self.life = life
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.instance, left.node.rawValue, left.life) < (right.instance, right.node.rawValue, right.life)
    }
}

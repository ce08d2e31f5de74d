/// What the cluster knows of one incarnation of an instance.
package struct InstanceDescription: Sendable, Hashable, Codable {
    package var id: InstanceID
    package var type: ModuleType
    /// The incarnation's own queue: its name is what tells one incarnation from another.
    package var queue: QueueName
    /// Handlers in flight and calls in the waiting line.
    package var load: Int
    /// True if another call would wait.
    package var isFull: Bool
    /// Whether it holds sessions: it gets what is pushed to their groups, and serves a Gate's functions.
    package var isGate = false
    /// Functions whose interrupted calls may be sent again, sorted.
    package var idempotent: [String] = []
    /// The node that serves it, if that is known by another name as well: one process at two brokers is two nodes.
    package var home: NodeID?
    /// Tells the lives of an instance in one process apart.
    package var life: UInt64 = 0
    /// Grows with the queues that the instance has had; nil: it takes no part in pushes to groups.
    package var generation: UInt64?
    /// Whether it has pushed to groups that it owns, so that Gates tell it what they have members of.
    package var ownsGroups = false

    package init(id: InstanceID, type: ModuleType, queue: QueueName, load: Int = 0, isFull: Bool = false) {
        self.id = id
        self.type = type
        self.queue = queue
        self.load = load
        self.isFull = isFull
    }

    /// Whether an interrupted call of the function may be sent again.
    func isIdempotent(_ function: String) -> Bool { idempotent.contains { $0.hasSameBytes(as: function) } }
}

/// What a node tells all others: at its start, every second, and when it goes.
package struct Announcement: Sendable, Hashable, Codable {
    package var node: NodeID
    /// The address of the node's machine, for people.
    package var host: String
    /// Counts the node's announcements, so that one that was overtaken is known as old.
    package var sequence: UInt64
    /// True in the last one: the node serves nothing any more.
    package var isGoodbye: Bool
    package var instances: [InstanceDescription]

    package init(node: NodeID, host: String, sequence: UInt64, isGoodbye: Bool, instances: [InstanceDescription]) {
        self.node = node
        self.host = host
        self.sequence = sequence
        self.isGoodbye = isGoodbye
        self.instances = instances
    }
}

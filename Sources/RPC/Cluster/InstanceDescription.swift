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
    /// Functions whose interrupted calls may be sent again, sorted.
    package var idempotent: [String] = []

    package init(id: InstanceID, type: ModuleType, queue: QueueName, load: Int = 0, isFull: Bool = false) {
        self.id = id
        self.type = type
        self.queue = queue
        self.load = load
        self.isFull = isFull
    }
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

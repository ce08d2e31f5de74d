/// What the cluster knows of one incarnation of an instance.
package struct InstanceDescription: Sendable, Hashable, Codable {
    package var id: InstanceID
    package var type: ModuleType
    /// The incarnation's own queue: its name is what tells one incarnation from another.
    package var queue: QueueName
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

    package init(id: InstanceID, type: ModuleType, queue: QueueName) {
        self.id = id
        self.type = type
        self.queue = queue
    }

    /// Whether an interrupted call of the function may be sent again.
    func isIdempotent(_ function: String) -> Bool { idempotent.contains { $0.hasSameBytes(as: function) } }
}

/// What a node tells all others: at its start, when something changes, and when it goes; and whoever asks.
package struct Announcement: Sendable, Hashable, Codable {
    package var node: NodeID
    /// The address of the node's machine, for people.
    package var host: String
    /// Counts what the node has announced to all, so that an announcement that was overtaken is known as old.
    package var sequence: UInt64
    /// True in the last one: the node serves nothing any more.
    package var isGoodbye: Bool
    package var instances: [InstanceDescription]
    /// The node's queue of replies, which is there as long as its connection is.
    package var replies: QueueName?
    /// Whether the node probes its neighbours in the ring.
    package var isProbing = true
    /// Whether the node reads batches on all of its queues.
    package var readsBatches = false
    /// The node's own name, if `node` is another: one process at two brokers is two nodes.
    package var name: NodeID?
    /// At which of the receiver's brokers the node is.
    package var broker = 0
    /// In an answer to a newcomer: what this node has heard of others, some of whom may not answer at this moment.
    package var others: [Announcement] = []
    /// Of one of those: it does not answer.
    package var isUnreachable = false

    package init(node: NodeID, host: String, sequence: UInt64, isGoodbye: Bool, instances: [InstanceDescription]) {
        self.node = node
        self.host = host
        self.sequence = sequence
        self.isGoodbye = isGoodbye
        self.instances = instances
    }
}

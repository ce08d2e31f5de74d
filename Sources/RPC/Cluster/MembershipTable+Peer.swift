import NIOCore

extension MembershipTable {
    /// Another node.
    package struct Peer: Sendable {
        /// Its own name: this node knows a process that it meets at a second broker by another.
        var name: NodeID
        /// At which of this node's brokers it is.
        var broker: Int
        package var host: String
        var sequence: UInt64
        /// When it last gave a sign of life to this node itself.
        var heard: NIODeadline
        /// When its present connection was first heard on this node's present one; nil: not yet.
        var since: NIODeadline?
        package var reachability = Reachability.reachable
        package var instances: [InstanceDescription]
        /// Instances that are not announced any more, and may still finish calls, by their queues.
        var leaving: [QueueName: InstanceDescription] = [:]
        /// The queue that is there as long as the node's connection is.
        var replies: QueueName?
        /// Whether it probes its neighbours.
        var isProbing: Bool
        /// Whether its queues take batches.
        var readsBatches: Bool

        /// What a probe goes to: one queue where that stands for all.
        var probedQueues: [QueueName] { replies.map { [$0] } ?? instances.map(\.queue).sorted() }
        var queues: [QueueName] { instances.map(\.queue) + (replies.map { [$0] } ?? []) }
    }

    /// A proof that queues are gone.
    package struct Proof: Sendable, Hashable {
        package var node: NodeID
        package var queues: [QueueName]

        package init(node: NodeID, queues: [QueueName]) {
            self.node = node
            self.queues = queues
        }
    }

    /// That a node does not answer, as far as it has been heard.
    package struct Claim: Sendable, Hashable {
        package var node: NodeID
        /// Its last announcement that the claimant knows: a later one refutes this.
        package var sequence: UInt64

        package init(node: NodeID, sequence: UInt64) {
            self.node = node
            self.sequence = sequence
        }
    }
}

extension MembershipTable.Peer {
    /// A node as it announces itself.
    /// - Parameter known: what was known of it before.
    init(_ announcement: Announcement, known: Self?, now: NIODeadline) {
        self.init(
            name: announcement.name ?? announcement.node, broker: announcement.broker, host: announcement.host,
            sequence: announcement.sequence, heard: now, since: now, instances: announcement.instances,
            replies: announcement.replies, isProbing: announcement.isProbing, readsBatches: announcement.readsBatches)
        if let known, known.replies == announcement.replies, let since = known.since { self.since = since }
        leaving = known?.leaving ?? [:]
    }

    /// What the node announced last, as this one would pass it on.
    func announcement(of node: NodeID) -> Announcement {
        var announcement = Announcement(
            node: node, host: host, sequence: sequence, isGoodbye: false, instances: instances)
        announcement.name = name == node ? nil : name
        announcement.broker = broker
        announcement.replies = replies
        announcement.isProbing = isProbing
        announcement.readsBatches = readsBatches
        announcement.isUnreachable = reachability == .unreachable
        return announcement
    }

    /// Whether somebody has to be told of a change: of all but signs of life.
    func differs(from known: Self) -> Bool {
        known.reachability != .reachable || known.instances != instances || known.replies != replies
            || known.readsBatches != readsBatches
    }
}

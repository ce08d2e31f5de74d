import NIOCore

/// What this node has announced of itself, and when it may again. A pure value.
struct OwnAnnouncements: Sendable {
    private let node: NodeID
    private let host: String
    private let answerInterval: TimeAmount
    /// Counts what was announced to all.
    private var sequence: UInt64 = 0
    /// When the node last announced itself to all because somebody asked, and whether it is about to.
    private var lastAnswer: NIODeadline?
    private var willAnswer = false
    /// Whether the node has said goodbye: nothing is announced any more.
    private(set) var isOver = false

    init(node: NodeID, host: String, timing: MembershipTiming) {
        self.node = node
        self.host = host
        answerInterval = timing.answerInterval
    }

    /// The next announcement to all; nil after the goodbye.
    /// - Parameters:
    ///   - instances: those that the node serves.
    ///   - replies: its queue of replies.
    mutating func next(
        _ instances: [InstanceDescription], replies: QueueName, isGoodbye: Bool = false
    ) -> Announcement? {
        guard !isOver else { return nil }
        isOver = isGoodbye
        sequence += 1
        return announcement(instances, replies, isGoodbye: isGoodbye)
    }

    /// The last announcement, for one who asks; nil: there is none yet, and one is about to be, or none any more.
    func repeated(_ instances: [InstanceDescription], replies: QueueName) -> Announcement? {
        isOver || sequence == 0 ? nil : announcement(instances, replies)
    }

    private func announcement(
        _ instances: [InstanceDescription], _ replies: QueueName, isGoodbye: Bool = false
    ) -> Announcement {
        var announcement = Announcement(
            node: node, host: host, sequence: sequence, isGoodbye: isGoodbye,
            instances: instances.sorted { $0.id < $1.id })
        announcement.replies = replies
        return announcement
    }

    // MARK: Answers to all

    /// Somebody asks the node to announce itself to all: it does so once for all who ask at about the same time.
    /// - Returns: how long to wait with it; nil: it is about to.
    mutating func asked(at now: NIODeadline) -> TimeAmount? {
        guard !willAnswer else { return nil }
        willAnswer = true
        return lastAnswer.map { max(.zero, $0 + answerInterval - now) } ?? .zero
    }

    /// The node is announced to all who asked.
    mutating func answered(at now: NIODeadline) {
        willAnswer = false
        lastAnswer = now
    }
}

import NIOCore

/// The messages of one Gate that owners have to answer, in the order in which they were sent. A pure value.
struct UnansweredParcels: Sendable {
    /// A message, and the type of the owners that it is for; nil: Gates.
    struct Ended: Sendable {
        var parcel: Subscriptions.Parcel
        var type: ModuleType?
    }

    private struct Waiting: Sendable {
        var ended: Ended
        var since: NIODeadline
        /// Whether it is in the owner's queue.
        var isDelivered = false
    }

    /// How long a Gate waits for the answer of an owner that has its message in its queue: nodes that are silent for so
    /// long are known to be.
    static var answerTime: TimeAmount { .seconds(4) }

    private var waiting: [IncarnationID: [Waiting]] = [:]

    var isEmpty: Bool { waiting.isEmpty }

    /// A message is sent.
    mutating func append(_ parcel: Subscriptions.Parcel, _ type: ModuleType?, now: NIODeadline) {
        waiting[parcel.receiver, default: []]
            .append(Waiting(ended: Ended(parcel: parcel, type: type), since: now))
    }

    /// All that was sent is out of date.
    mutating func removeAll() { waiting = [:] }

    /// What became of a message is known: it is in its queue, or not.
    /// - Parameter isAnswering: whether its receiver answers.
    /// - Returns: false if its answer is still to come.
    mutating func delivered(
        _ parcel: Subscriptions.Parcel, _ type: ModuleType?, isDelivered: Bool, isAnswering: Bool
    ) -> Bool {
        let index = waiting[parcel.receiver]?
            .firstIndex { $0.ended.parcel.number == parcel.number && $0.ended.type == type }
        guard let index else { return true }
        guard !isDelivered || !isAnswering else {
            waiting[parcel.receiver]?[index].isDelivered = true
            return false
        }
        waiting[parcel.receiver]?.remove(at: index)
        if waiting[parcel.receiver]?.isEmpty == true { waiting[parcel.receiver] = nil }
        return true
    }

    /// An owner has taken in all messages up to this number.
    mutating func answered(by owner: IncarnationID, upTo number: UInt64) -> [Ended] {
        remove(of: owner) { $0.ended.parcel.number <= number }
    }

    /// Takes out what owners that are silent, gone or too slow will not answer.
    mutating func giveUp(answering: Set<IncarnationID>, now: NIODeadline) -> [Ended] {
        Array(waiting.keys).flatMap { owner in
            let isSilent = !answering.contains(owner)
            return remove(of: owner) { waiting in
                waiting.isDelivered && (isSilent || now - waiting.since >= Self.answerTime)
            }
        }
    }

    private mutating func remove(of owner: IncarnationID, where isOver: (Waiting) -> Bool) -> [Ended] {
        guard let all = waiting[owner] else { return [] }
        let over = all.filter(isOver)
        guard !over.isEmpty else { return [] }
        let left = all.filter { !isOver($0) }
        waiting[owner] = left.isEmpty ? nil : left
        return over.map(\.ended)
    }
}

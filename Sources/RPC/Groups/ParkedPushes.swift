import DequeModule

/// Pushes to groups that wait for an owner, in the order in which they were made: those that are made while one waits, or is
/// about to leave, wait behind it.
struct ParkedPushes: Sendable {
    private var waiting: Deque<CorrelationID> = []
    private var isLeaving = false

    var isEmpty: Bool { waiting.isEmpty && !isLeaving }

    mutating func append(_ id: CorrelationID) { waiting.append(id) }

    /// Those that wait begin to leave, one after the other.
    /// - Returns: false if they do already.
    mutating func begin() -> Bool {
        defer { isLeaving = true }
        return !isLeaving
    }

    /// The next that leaves; nil: there is none any more, and they have all left.
    mutating func next() -> CorrelationID? {
        let next = waiting.popFirst()
        if next == nil { isLeaving = false }
        return next
    }

    /// It still has nowhere to go, nor have those behind it.
    mutating func putBack(_ id: CorrelationID) {
        waiting.prepend(id)
        isLeaving = false
    }
}

import DequeModule

/// Calls that wait for an instance to come back, in the order in which they were made. A pure value.
///
/// No push to a group overtakes another: pushes that are made while one waits, or is about to leave, wait behind it.
struct WaitingCalls: Sendable {
    private var calls: [CorrelationID] = []
    private var pushes: Deque<CorrelationID> = []
    private var arePushesLeaving = false

    /// Whether a new push has to wait.
    var hasPushes: Bool { !pushes.isEmpty || arePushesLeaving }

    mutating func append(_ id: CorrelationID, isPush: Bool) {
        if isPush { pushes.append(id) } else { calls.append(id) }
    }

    /// Takes all calls out but the pushes.
    mutating func takeCalls() -> [CorrelationID] {
        defer { calls = [] }
        return calls
    }

    /// Lets the pushes leave, one after the other.
    /// - Returns: false if they do already.
    mutating func beginPushes() -> Bool {
        defer { arePushesLeaving = true }
        return !arePushesLeaving
    }

    /// Takes out the next push that leaves; nil: all have left.
    mutating func nextPush() -> CorrelationID? {
        let next = pushes.popFirst()
        if next == nil { arePushesLeaving = false }
        return next
    }

    /// The push still has nowhere to go, nor have those behind it.
    mutating func putBack(_ push: CorrelationID) {
        pushes.prepend(push)
        arePushesLeaving = false
    }
}

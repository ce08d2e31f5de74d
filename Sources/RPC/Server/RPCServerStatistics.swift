import Synchronization

/// Counts of what an instance did since it began.
package final class RPCServerStatistics: Sendable {
    private let answeredCount = Atomic<UInt64>(0)
    private let failedCount = Atomic<UInt64>(0)
    private let expiredCount = Atomic<UInt64>(0)
    private let overloadedCount = Atomic<UInt64>(0)

    /// Calls that a handler answered, with a result or an error.
    package var answered: UInt64 { answeredCount.load(ordering: .relaxed) }
    /// Calls that were answered with an error, by a handler or instead of one.
    package var failed: UInt64 { failedCount.load(ordering: .relaxed) }
    /// Requests that were not handled because their deadline had passed.
    package var expired: UInt64 { expiredCount.load(ordering: .relaxed) }
    /// Calls refused because the waiting line was full.
    package var overloaded: UInt64 { overloadedCount.load(ordering: .relaxed) }

    func count(_ reply: RPCReply) {
        answeredCount.add(1, ordering: .relaxed)
        if case .failure = reply { failedCount.add(1, ordering: .relaxed) }
    }

    func count(_ refusal: RPCError.Code) {
        failedCount.add(1, ordering: .relaxed)
        if refusal == .overloaded { overloadedCount.add(1, ordering: .relaxed) }
    }

    func countExpired() { expiredCount.add(1, ordering: .relaxed) }
}

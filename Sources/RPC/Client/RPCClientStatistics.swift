import Synchronization

/// Counts of what became of this node's calls.
package final class RPCClientStatistics: Sendable {
    private let lateCount = Atomic<UInt64>(0)
    private let timeoutCount = Atomic<UInt64>(0)
    private let resentCount = Atomic<UInt64>(0)
    private let lostCastCount = Atomic<UInt64>(0)

    /// Replies that came after their call had ended, and were dropped.
    package var lateReplies: UInt64 { lateCount.load(ordering: .relaxed) }
    /// Calls that ended at their deadline.
    package var timeouts: UInt64 { timeoutCount.load(ordering: .relaxed) }
    /// Requests that came back and were sent to another instance.
    package var resent: UInt64 { resentCount.load(ordering: .relaxed) }
    /// Casts that found nobody.
    package var lostCasts: UInt64 { lostCastCount.load(ordering: .relaxed) }

    func countLateReply() { lateCount.add(1, ordering: .relaxed) }
    func countTimeouts(_ number: Int) { timeoutCount.add(UInt64(number), ordering: .relaxed) }
    func countResent() { resentCount.add(1, ordering: .relaxed) }
    func countLostCast() { lostCastCount.add(1, ordering: .relaxed) }
}

import Synchronization

/// Counts of what became of this node's calls and pushes.
package final class RPCClientStatistics: Sendable {
    private let lateCount = Atomic<UInt64>(0)
    private let timeoutCount = Atomic<UInt64>(0)
    private let resentCount = Atomic<UInt64>(0)
    private let lostCastCount = Atomic<UInt64>(0)
    private let droppedDeliveryCount = Atomic<UInt64>(0)

    /// Replies that came after their call had ended, and were dropped.
    package var lateReplies: UInt64 { lateCount.load(ordering: .relaxed) }
    /// Calls that ended at their deadline.
    package var timeouts: UInt64 { timeoutCount.load(ordering: .relaxed) }
    /// Requests that came back and were sent to another instance.
    package var resent: UInt64 { resentCount.load(ordering: .relaxed) }
    /// Casts that found nobody.
    package var lostCasts: UInt64 { lostCastCount.load(ordering: .relaxed) }
    /// Pushes to one Gate each that an owner of this node gave up: too many waited for that Gate.
    package var droppedDeliveries: UInt64 { droppedDeliveryCount.load(ordering: .relaxed) }

    func countLateReply() { lateCount.add(1, ordering: .relaxed) }
    func countTimeouts(_ number: Int) { timeoutCount.add(UInt64(number), ordering: .relaxed) }
    func countResent() { resentCount.add(1, ordering: .relaxed) }
    func countDroppedDeliveries(_ number: Int) { droppedDeliveryCount.add(UInt64(number), ordering: .relaxed) }
    func countLostCast() { lostCastCount.add(1, ordering: .relaxed) }
}

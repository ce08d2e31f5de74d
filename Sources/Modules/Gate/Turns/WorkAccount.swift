import NIOCore
import Synchronization

/// What the pushes that one session's requests caused cost the loops of its Gate.
final class WorkAccount: Sendable {
    private let pendingCount = Atomic<Int>(0)
    private let nanoseconds = Atomic<Int64>(0)

    /// Loops that still have a push of the session's to write, each push counted.
    var pending: Int { pendingCount.load(ordering: .relaxed) }

    func began(loops: Int) { pendingCount.add(loops, ordering: .relaxed) }

    /// One loop has written a push, or dropped it.
    func ended() { pendingCount.subtract(1, ordering: .relaxed) }

    func charge(_ time: TimeAmount) { nanoseconds.add(time.nanoseconds, ordering: .relaxed) }

    /// Takes the time that was charged.
    func take() -> TimeAmount { .nanoseconds(nanoseconds.exchange(0, ordering: .relaxed)) }
}

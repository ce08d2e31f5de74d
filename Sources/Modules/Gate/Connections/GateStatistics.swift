import Synchronization

/// Counts of a Gate's connections.
final class GateStatistics: Sendable {
    private let openCount = Atomic<Int>(0)
    private let stalledCount = Atomic<Int>(0)

    /// Connections that are open now, those before their CONNECT among them.
    var open: Int { openCount.load(ordering: .relaxed) }
    /// Connections that were cut off because their client stopped reading.
    var stalled: Int { stalledCount.load(ordering: .relaxed) }

    /// Counts a new connection unless there are too many.
    func admit(limit: Int) -> Bool {
        guard openCount.add(1, ordering: .relaxed).newValue <= limit else {
            openCount.subtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    func closed() { openCount.subtract(1, ordering: .relaxed) }
    func countStalled() { stalledCount.add(1, ordering: .relaxed) }
}

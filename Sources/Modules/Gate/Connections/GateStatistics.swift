import Synchronization

/// Counts of a Gate's connections.
final class GateStatistics: Sendable {
    private let openCount = Atomic<Int>(0)
    private let stalledCount = Atomic<Int>(0)
    private let refusedCount = Atomic<Int>(0)

    /// Connections that are open now, those before their CONNECT among them.
    var open: Int { openCount.load(ordering: .relaxed) }
    /// Connections that were cut off because their client stopped reading.
    var stalled: Int { stalledCount.load(ordering: .relaxed) }
    /// Operations on sessions that this Gate does not hold: those of another Gate, those that have ended, and inventions.
    var refused: Int { refusedCount.load(ordering: .relaxed) }

    /// Counts a new connection; nil if there are too many.
    func admit(limit: Int) -> ConnectionPermit? {
        guard openCount.add(1, ordering: .relaxed).newValue <= limit else {
            openCount.subtract(1, ordering: .relaxed)
            return nil
        }
        return ConnectionPermit(self)
    }

    fileprivate func closed() { openCount.subtract(1, ordering: .relaxed) }
    func countStalled() { stalledCount.add(1, ordering: .relaxed) }
    func countRefused() { refusedCount.add(1, ordering: .relaxed) }
}

/// One connection's place among those that `MaxConnNum` allows. On its event loop only.
final class ConnectionPermit {
    private var statistics: GateStatistics?

    fileprivate init(_ statistics: GateStatistics) { self.statistics = statistics }

    deinit { giveBack() }

    /// Gives the place back; once, however often it is called.
    func giveBack() {
        statistics?.closed()
        statistics = nil
    }
}

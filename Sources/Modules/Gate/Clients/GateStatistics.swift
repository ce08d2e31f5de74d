import Mqant
import Synchronization

/// Counts of a Gate's connections.
final class GateStatistics: Sendable {
    /// The places of all connections.
    let connections: ConnectionLimit
    private let stalledCount = Atomic<Int>(0)
    private let refusedCount = Atomic<Int>(0)

    init(connections: ConnectionLimit) { self.connections = connections }

    /// Connections whose sockets are open now, those before their CONNECT among them.
    var open: Int { connections.open }
    /// Connections that were cut off because their client stopped reading.
    var stalled: Int { stalledCount.load(ordering: .relaxed) }
    /// Operations on sessions that this Gate does not hold: those of another Gate, those that have ended, and inventions.
    var refused: Int { refusedCount.load(ordering: .relaxed) }

    func countStalled() { stalledCount.add(1, ordering: .relaxed) }
    func countRefused() { refusedCount.add(1, ordering: .relaxed) }
}

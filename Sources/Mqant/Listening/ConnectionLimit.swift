import Synchronization

/// How many connections an instance may have, and how many it has. All its listeners share it.
package final class ConnectionLimit: Sendable {
    /// The largest number of connections at a time.
    package let maximum: Int

    private let openCount = Atomic<Int>(0)
    private let turnedAwayCount = Atomic<Int>(0)

    package init(maximum: Int) { self.maximum = maximum }

    /// Connections whose sockets are open now.
    package var open: Int { openCount.load(ordering: .relaxed) }

    /// Connections that were closed because there was no place for them.
    package var turnedAway: Int { turnedAwayCount.load(ordering: .relaxed) }

    /// Takes a place.
    /// - Returns: false if there is none.
    package func admit() -> Bool {
        guard openCount.add(1, ordering: .relaxed).newValue <= maximum else {
            openCount.subtract(1, ordering: .relaxed)
            turnedAwayCount.add(1, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Gives a place back.
    package func release() { openCount.subtract(1, ordering: .relaxed) }
}

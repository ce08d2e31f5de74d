import DequeModule
import NIOCore

/// A connection whose acknowledgements may be held.
protocol OutputHolder: AnyObject {
    /// While acknowledgements wait for the answer of a request: for how long at most.
    var heldUntil: NIODeadline? { get }
}

/// Connections of one event loop whose acknowledgements wait for the answers that they can leave with: the Gate's cost is
/// per write, and MQTT lets a server acknowledge when it likes.
///
/// Not Sendable: the loop's.
struct HeldOutput<Holder: OutputHolder> {
    private var connections: Deque<(connection: Holder, until: NIODeadline)> = []

    /// When the first has waited long enough; nil: none waits.
    var next: NIODeadline? { connections.first?.until }

    /// Adds a connection that is not held yet.
    mutating func append(_ connection: Holder, until: NIODeadline) {
        connections.append((connection, until))
    }

    /// Takes out the next that has waited long enough, and forgets those whose output left with an answer meanwhile.
    mutating func popDue(_ now: NIODeadline) -> Holder? {
        while let (connection, until) = connections.first {
            let isHeld = connection.heldUntil == until
            guard until <= now || !isHeld else { return nil }
            connections.removeFirst()
            if isHeld { return connection }
        }
        connections = []
        return nil
    }
}

import DequeModule
import NIOCore

/// Connections of one event loop whose acknowledgements wait for the answers that they can leave with: the Gate's cost is
/// per write, and MQTT lets a server acknowledge when it likes.
///
/// Not Sendable: the loop's.
struct HeldOutput {
    /// How long an acknowledgement waits at most: half of what TCP's own do (RFC 1122 §4.2.3.2 allows 500 ms, Linux takes
    /// 40 ms).
    static let limit = TimeAmount.milliseconds(20)

    private var connections: Deque<(connection: ClientConnection, until: NIODeadline)> = []

    /// When the first has waited long enough; nil: none waits.
    var next: NIODeadline? { connections.first?.until }

    /// Adds a connection that is not held yet.
    mutating func append(_ connection: ClientConnection, until: NIODeadline) {
        connections.append((connection, until))
    }

    /// Takes out the next that has waited long enough, and forgets those whose output left with an answer meanwhile.
    mutating func popDue(_ now: NIODeadline) -> ClientConnection? {
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

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

    /// When to call `flush` next; nil: when something has been added.
    var next: NIODeadline? { connections.first?.until }

    /// Adds a connection that is not held yet.
    /// - Returns: whether it is the first, so that somebody has to look at the time.
    mutating func append(_ connection: ClientConnection, until: NIODeadline) -> Bool {
        connections.append((connection, until))
        return connections.count == 1
    }

    /// Flushes what has waited long enough, and forgets what left with an answer meanwhile.
    mutating func flush(_ now: NIODeadline) {
        while let (connection, until) = connections.first {
            let isHeld = connection.heldUntil == until
            guard until <= now || !isHeld else { return }
            connections.removeFirst()
            if isHeld { connection.flush() }
        }
        connections = []
    }
}

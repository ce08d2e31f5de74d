import DequeModule
import NIOCore

/// Connections of one event loop whose clients sent more than a turn has time for, in rounds: each has its share of
/// every round, and one that took more waits for as many rounds as that is worth.
///
/// Not Sendable: the loop's.
struct Backlog {
    private var connections: Deque<ClientConnection> = []

    var isEmpty: Bool { connections.isEmpty }
    var count: Int { connections.count }

    mutating func append(_ connection: ClientConnection) { connections.append(connection) }

    /// Takes out the next that may go on; nil: none may now.
    mutating func next() -> ClientConnection? {
        // Twice round at most: once to pay what is owed, for as many shares as the smallest debt is worth.
        if connections.count == 1 { connections.first?.debt = .zero }
        var rounds = Int64(1)
        for _ in 0..<2 {
            var least = Int64.max
            for _ in 0..<connections.count {
                guard let connection = connections.popFirst() else { break }
                if connection.leavesBacklog() { continue }
                guard connection.mayWork else {
                    connections.append(connection)
                    continue
                }
                if connection.debt <= .zero { return connection }
                connection.debt = connection.debt - TurnBudget.share * rounds
                if connection.debt <= .zero { return connection }
                least = min(least, connection.debt.nanoseconds)
                connections.append(connection)
            }
            guard least < .max else { return nil }
            rounds = least / TurnBudget.share.nanoseconds + 1
        }
        return nil
    }

    mutating func removeAll() { connections = [] }
}

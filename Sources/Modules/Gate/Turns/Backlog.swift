import DequeModule
import NIOCore

/// A connection that may wait for its turn.
protocol BacklogMember: AnyObject {
    /// Time that it took beyond its share while others waited.
    var debt: TimeAmount { get set }
    /// Whether a turn of it makes sense now.
    var mayWork: Bool { get }

    /// Leaves the backlog if it has nothing to do there until something happens.
    func leavesBacklog() -> Bool
}

/// Connections of one event loop whose clients sent more than a turn has time for, in rounds: each has its share of
/// every round, and one that took more waits for as many rounds as that is worth.
///
/// Not Sendable: the loop's.
struct Backlog<Member: BacklogMember> {
    private var connections: Deque<Member> = []

    var isEmpty: Bool { connections.isEmpty }
    var count: Int { connections.count }

    mutating func append(_ connection: Member) { connections.append(connection) }

    /// Takes out the next that may go on; nil: none may now.
    mutating func next() -> Member? {
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

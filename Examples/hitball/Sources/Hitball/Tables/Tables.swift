import Mqant
import Synchronization

/// The tables that an instance plays. May be used from any thread.
final class Tables: Sendable {
    private let tables = Mutex<[String: Table]>([:])
    private let maximum: Int
    private let pointsToWin: Int

    init(maximum: Int, pointsToWin: Int) {
        self.maximum = maximum
        self.pointsToWin = pointsToWin
    }

    var count: Int { tables.withLock { $0.count } }

    /// Changes a table, which is made if nobody is at it yet.
    /// - Throws: `HandlerError` if there are as many as there may be, or both seats are taken.
    func visit(
        _ name: TableName, _ body: (inout Table) throws(Table.Refusal) -> Visit
    ) throws(HandlerError) -> Visit {
        try tables.withLock { tables throws(HandlerError) in
            guard tables[name.text] != nil || tables.count < maximum else { throw HitballError.noTableIsFree }
            var table = tables[name.text] ?? Table(name: name, pointsToWin: pointsToWin)
            do throws(Table.Refusal) {
                let visit = try body(&table)
                tables[name.text] = table
                return visit
            } catch {
                throw HitballError.bothSeatsAreTaken
            }
        }
    }

    /// Changes a table, if it is there; it is gone when the last one has left.
    func change(_ name: String, _ body: (inout Table) -> Void) {
        tables.withLock { tables in
            guard var table = tables[name] else { return }
            body(&table)
            tables[name] = table.isEmpty ? nil : table
        }
    }

    /// Plays on at all tables, and says how they stand.
    func advance(by seconds: Double) -> [(group: GroupName, state: TableState)] {
        tables.withLock { tables in
            tables.keys.compactMap { name in
                tables[name]?.advance(by: seconds)
                return tables[name].map { ($0.name.group, $0.state) }
            }
        }
    }

    /// Gives up the tables that belong to another instance by now.
    func keep(_ isOwn: (String) -> Bool) {
        let lost = tables.withLock { Array($0.keys) }.filter { !isOwn($0) }
        tables.withLock { tables in
            for name in lost { tables[name] = nil }
        }
    }
}

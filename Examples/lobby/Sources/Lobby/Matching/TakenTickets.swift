import Synchronization

/// The waits that are over, while the roster may still list them: it hears of an end a moment later. May be used from any thread.
final class TakenTickets: Sendable {
    private let tickets = Mutex<[String: Set<String>]>([:])

    /// Of those that a queue's roster lists, the ones that go on. Forgets the others that it lists no more.
    func waiting(_ queue: String, _ listed: Set<String>) -> Set<String> {
        tickets.withLock { tickets in
            let taken = tickets[queue, default: []].intersection(listed)
            tickets[queue] = taken
            return listed.subtracting(taken)
        }
    }

    func take(_ queue: String, _ ticket: String) {
        tickets.withLock { _ = $0[queue, default: []].insert(ticket) }
    }
}

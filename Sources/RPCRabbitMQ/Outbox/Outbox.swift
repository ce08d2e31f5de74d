import DequeModule
import MqantRPC
import NIOCore
import Synchronization

/// The bounded queue of what a node has to write. It outlives connections: what was not written waits for the next.
final class Outbox: Sendable {
    fileprivate struct State {
        var entries: Deque<OutboxEntry> = []
        var bytes = 0
        /// Bytes of those requests of a session that have no reply, and so no place in any window.
        var castBytes: [SessionID: Int] = [:]
        /// Only the newest is worth sending.
        var announcement: Announcement?
        var isClosed = false
        /// Counts connections.
        var connections = 0
        /// The present one, for confirmed requests; nil: there is none.
        var connection: Int?
    }

    enum Admission {
        case taken
        case full
        case closed
        /// A confirmed request does not wait for a connection.
        case disconnected
    }

    private let state = Mutex(State())
    private let maxCount: Int
    private let maxBytes: Int

    init(maxCount: Int, maxBytes: Int) {
        self.maxCount = maxCount
        self.maxBytes = maxBytes
    }

    /// Takes an entry in. Replies have half as much room again: who has done the work should be able to say so.
    func append(_ entry: OutboxEntry) -> Admission {
        state.withLock { state in
            guard !state.isClosed else { return .closed }
            var entry = entry
            if entry.isConfirmed {
                guard let connection = state.connection else { return .disconnected }
                entry.connection = connection
            }
            let isReply = if case .reply = entry.content { true } else { false }
            let share = isReply ? 3 : 2
            // An empty queue takes anything: a bound never makes a large message impossible.
            if state.entries.count >= maxCount / 2 * share
                || (state.bytes + entry.weight > maxBytes / 2 * share && !state.entries.isEmpty)
            {
                return .full
            }
            if let session = entry.castingSession {
                // A sixteenth of the bound: one client does not fill what all others need.
                let bytes = state.castBytes[session, default: 0]
                guard bytes == 0 || bytes + entry.weight <= maxBytes / 16 else { return .full }
            }
            state.entries.append(entry)
            state.count(entry)
            return .taken
        }
    }

    func announce(_ announcement: Announcement) {
        state.withLock { state in
            guard !state.isClosed, announcement.sequence > state.announcement?.sequence ?? 0 else { return }
            state.announcement = announcement
        }
    }

    func takeAnnouncement() -> Announcement? {
        state.withLock { state in
            defer { state.announcement = nil }
            return state.announcement
        }
    }

    /// Takes from the front what may be written in one go.
    func take(maxCount: Int, maxBytes: Int) -> (announcement: Announcement?, entries: [OutboxEntry]) {
        state.withLock { state in
            defer { state.announcement = nil }
            var entries: [OutboxEntry] = []
            var bytes = 0
            while entries.count < maxCount, bytes < maxBytes, let next = state.entries.popFirst() {
                bytes += next.weight
                entries.append(next)
                state.uncount(next)
            }
            return (state.announcement, entries)
        }
    }

    /// Gives back what could not be written, to the front.
    /// - Returns: confirmed requests whose connection is over. They are not kept.
    func putBack(_ entries: [OutboxEntry]) -> [OutboxEntry] {
        state.withLock { state in
            var orphans: [OutboxEntry] = []
            for entry in entries.reversed() {
                if let connection = entry.connection, connection != state.connection {
                    orphans.append(entry)
                } else {
                    state.entries.prepend(entry)
                    state.count(entry)
                }
            }
            return orphans.reversed()
        }
    }

    /// From now on confirmed requests are taken. Twice is once.
    func connectionOpened() {
        state.withLock { state in
            guard state.connection == nil else { return }
            state.connections += 1
            state.connection = state.connections
        }
    }

    /// From now on confirmed requests are not taken.
    /// - Returns: those that waited.
    func connectionLost() -> [OutboxEntry] {
        state.withLock { state in
            state.connection = nil
            return state.remove { $0.isConfirmed }
        }
    }

    /// Removes the confirmed requests that have waited long enough.
    func takeExpired(now: NIODeadline) -> [OutboxEntry] {
        state.withLock { state in
            state.remove { entry in
                if case .confirmed(_, let until, _) = entry.content { until <= now } else { false }
            }
        }
    }

    /// Removes requests of these calls; returns those that it found.
    func takeBack(_ calls: Set<CorrelationID>) -> Set<CorrelationID> {
        state.withLock { state in
            guard !state.entries.isEmpty else { return [] }
            let removed = state.remove { entry in entry.call.map { calls.contains($0) } ?? false }
            return Set(removed.lazy.compactMap(\.call))
        }
    }

    /// The calls whose requests wait.
    var calls: Set<CorrelationID> { state.withLock { Set($0.entries.lazy.compactMap(\.call)) } }

    var isEmpty: Bool { state.withLock { $0.entries.isEmpty && $0.announcement == nil } }

    /// Takes nothing in any more; returns what was left.
    func close() -> Deque<OutboxEntry> {
        state.withLock { state in
            defer {
                (state.entries, state.bytes, state.announcement) = ([], 0, nil)
                state.castBytes = [:]
            }
            state.isClosed = true
            return state.entries
        }
    }
}

extension Outbox.State {
    fileprivate mutating func remove(where condition: (OutboxEntry) -> Bool) -> [OutboxEntry] {
        var removed: [OutboxEntry] = []
        entries.removeAll { entry in
            guard condition(entry) else { return false }
            removed.append(entry)
            return true
        }
        for entry in removed { uncount(entry) }
        return removed
    }

    fileprivate mutating func count(_ entry: OutboxEntry) {
        bytes += entry.weight
        if let session = entry.castingSession { castBytes[session, default: 0] += entry.weight }
    }

    fileprivate mutating func uncount(_ entry: OutboxEntry) {
        bytes -= entry.weight
        guard let session = entry.castingSession, let left = castBytes[session] else { return }
        castBytes[session] = left > entry.weight ? left - entry.weight : nil
    }
}

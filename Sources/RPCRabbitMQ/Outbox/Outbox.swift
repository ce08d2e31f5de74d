import DequeModule
import NIOCore
import RPC
import Synchronization

/// The bounded queue of what a node has to write. It outlives connections: what was not written waits for the next.
final class Outbox: Sendable {
    private struct State {
        var entries: Deque<OutboxEntry> = []
        var bytes = 0
        /// Only the newest is worth sending.
        var announcement: Announcement?
        var isClosed = false
    }

    enum Admission {
        case taken
        case full
        case closed
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
            let isReply = if case .reply = entry.content { true } else { false }
            let share = isReply ? 3 : 2
            // An empty queue takes anything: a bound never makes a large message impossible.
            if state.entries.count >= maxCount / 2 * share
                || (state.bytes + entry.weight > maxBytes / 2 * share && !state.entries.isEmpty)
            {
                return .full
            }
            state.entries.append(entry)
            state.bytes += entry.weight
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
            }
            state.bytes -= bytes
            return (state.announcement, entries)
        }
    }

    /// Gives back what could not be written, to the front.
    func putBack(_ entries: some BidirectionalCollection<OutboxEntry>) {
        state.withLock { state in
            for entry in entries.reversed() {
                state.entries.prepend(entry)
                state.bytes += entry.weight
            }
        }
    }

    /// Removes requests of these calls; returns those that it found.
    func takeBack(_ calls: Set<CorrelationID>) -> Set<CorrelationID> {
        state.withLock { state in
            guard !state.entries.isEmpty else { return [] }
            var found: Set<CorrelationID> = []
            var bytes = 0
            state.entries.removeAll { entry in
                guard let call = entry.call, calls.contains(call) else { return false }
                found.insert(call)
                bytes += entry.weight
                return true
            }
            state.bytes -= bytes
            return found
        }
    }

    /// The calls whose requests wait.
    var calls: Set<CorrelationID> { state.withLock { Set($0.entries.lazy.compactMap(\.call)) } }

    var isEmpty: Bool { state.withLock { $0.entries.isEmpty && $0.announcement == nil } }

    /// Takes nothing in any more; returns what was left.
    func close() -> Deque<OutboxEntry> {
        state.withLock { state in
            defer { (state.entries, state.bytes, state.announcement) = ([], 0, nil) }
            state.isClosed = true
            return state.entries
        }
    }
}

import NIOCore
import Synchronization

/// Whether what this node tells all comes back to it: the exchange of announcements copies to the sender too.
///
/// It costs no message of its own. A node that tells nothing for a while finds out with its next announcement.
final class AnnouncementEcho: Sendable {
    private struct State {
        /// When the first message was written that has not come back.
        var pending: NIODeadline?
        var last: NIODeadline?
    }

    private let state = Mutex(State())

    /// When something last came back on the present connection.
    var last: NIODeadline? { state.withLock { $0.last } }

    /// A message to all was written.
    func wrote(now: NIODeadline) { state.withLock { if $0.pending == nil { $0.pending = now } } }

    /// One came back.
    func heard(now: NIODeadline) {
        state.withLock { state in
            state.pending = nil
            state.last = now
        }
    }

    /// Whether something has not come back for so long. The next wait then begins with the next message.
    func takeLoss(after time: TimeAmount, now: NIODeadline) -> Bool {
        state.withLock { state in
            guard let pending = state.pending, now - pending > time else { return false }
            state.pending = nil
            return true
        }
    }

    /// What was written before says nothing any more.
    func reset() { state.withLock { $0 = State() } }
}

import MqantRPC
import NIOCore
import Synchronization

/// How this process stands to the Id of an instance that it serves, or is about to serve: an `IdHold`, with the times
/// that drive it.
final class HeldId: Sendable {
    private struct State {
        var hold = IdHold()
        /// When the others were first asked who has the Id, and last; nil: what they say is known.
        var asked: (first: NIODeadline, last: NIODeadline)?
        /// When the broker last answered anything about the Id. The clock goes on while a process or its machine is
        /// stopped.
        var contact = ContinuousClock.now
        /// When it was last sure that nobody else has the Id: claims from before say nothing.
        var certain = NIODeadline.distantPast
        /// Whether the log says that somebody deletes the lock.
        var isDeletionTold = false
        var isClosing = false
    }

    let id: InstanceID
    private let state = Mutex(State())

    init(_ id: InstanceID) { self.id = id }

    var phase: IdHold.Phase { state.withLock { $0.hold.phase } }
    var hasLock: Bool { state.withLock { $0.hold.hasLock } }
    var isReturning: Bool { state.withLock { $0.hold.isReturning } }
    /// When the others were first asked who has the Id; nil: nobody is asked now.
    var asked: NIODeadline? { state.withLock { $0.asked?.first } }
    /// When it was last sure that nobody else has the Id.
    var certain: NIODeadline { state.withLock { $0.certain } }
    /// Whether its instance ends.
    var isClosing: Bool { state.withLock { $0.isClosing } }

    /// The rank with which the Id is announced at this moment; nil: not at all.
    var announcedRank: IdClaim.Rank? {
        state.withLock { state in
            guard let rank = state.hold.rank else { return nil }
            return ContinuousClock.now - state.contact > IdTiming.absence ? .returning : rank
        }
    }

    // MARK: Events

    /// The broker answered. If that was long ago last, others may have passed over this process: it has to ask.
    func noteContact() {
        state.withLock { state in
            let now = ContinuousClock.now
            if now - state.contact > IdTiming.absence {
                state.hold.wasAway()
                state.asked = nil
            }
            state.contact = now
        }
    }

    /// The connection is another one.
    func reconnected() {
        state.withLock { state in
            state.hold.reconnected()
            (state.asked, state.contact) = (nil, .now)
        }
    }

    func beginClosing() { state.withLock { $0.isClosing = true } }

    func lockTaken() { state.withLock { $0.hold.lockTaken() } }

    /// - Returns: whether it had the lock.
    @discardableResult
    func lockLost() -> Bool {
        state.withLock { state in
            defer { state.hold.lockLost() }
            return state.hold.hasLock
        }
    }

    /// Somebody deleted the lock.
    /// - Returns: whether the log is to say so: a policy may do it every second.
    func takeDeletionNews() -> Bool {
        state.withLock { state in
            defer { state.isDeletionTold = true }
            return !state.isDeletionTold
        }
    }

    // MARK: Claims

    /// Whether the others are to be asked now: they were not a moment ago.
    func takeQuestion(now: NIODeadline) -> Bool {
        state.withLock { state in
            guard let asked = state.asked else {
                state.asked = (now, now)
                return true
            }
            guard now - asked.last >= IdTiming.questionPause else { return false }
            state.asked = (asked.first, now)
            return true
        }
    }

    /// What the others say is known.
    func endQuestion() { state.withLock { $0.asked = nil } }

    /// Another process claims the Id.
    /// - Returns: whether the other keeps it.
    func heard(_ claim: IdClaim, as node: NodeID) -> Bool { state.withLock { $0.hold.heard(claim, as: node) } }

    /// The process begins to serve: nobody else has the Id.
    func begin(withLock hasLock: Bool) {
        state.withLock { state in
            _ = state.hold.heardNobody(isPatienceOver: !hasLock)
            (state.asked, state.contact, state.certain) = (nil, .now, .now())
        }
    }

    /// The others were asked, and nobody else has the Id.
    func heardNobody() {
        state.withLock { state in
            _ = state.hold.heardNobody(isPatienceOver: true)
            (state.asked, state.certain) = (nil, .now())
        }
    }
}

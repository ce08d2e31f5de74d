import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

/// An instance that this node serves, across its incarnations: what must be there again after a reconnect.
final class ServedInstance: Sendable {
    struct State {
        /// Its name on the present connection.
        var queue: QueueName
        /// What the node knows it by: the same, but for the moment of a reconnect.
        var knownQueue: QueueName
        /// The channel that consumes `queue`, and deletes it in the end: its own, for a refusal closes it.
        var channel: AMQPChannel?
        var lastRequest = NIODeadline.now()
        var isClosing = false
        /// Whether the log says that somebody deletes the lock.
        var isDeletionTold = false
        /// How this process stands to the Id.
        var hold = IdHold()
        /// When the others were first asked who has the Id, and last; nil: what they say is known.
        var asked: (first: NIODeadline, last: NIODeadline)?
        /// When the broker last answered anything about the Id. The clock goes on while a process or its machine is
        /// stopped.
        var contact = ContinuousClock.now
        /// When it was last sure that nobody else has the Id: claims from before say nothing.
        var certain = NIODeadline.distantPast
    }

    let id: InstanceID
    /// Counts the lives of an Id on one connection.
    let life: Int
    let state: Mutex<State>

    init(id: InstanceID, life: Int, names: Names) {
        self.id = id
        self.life = life
        let queue = names.requests(id, life: life)
        state = Mutex(State(queue: queue, knownQueue: queue))
    }

    var queue: QueueName { state.withLock { $0.queue } }
    var isClosing: Bool { state.withLock { $0.isClosing } }
    var hold: IdHold { state.withLock { $0.hold } }

    /// Begins a new incarnation, on a new connection.
    func rename(_ names: Names) {
        state.withLock { state in
            state.queue = names.requests(id, life: life)
            state.channel = nil
            state.hold.reconnected()
            (state.asked, state.contact) = (nil, .now)
        }
    }

    /// The rank with which the Id is announced at this moment; nil: not at all.
    var announcedRank: IdClaim.Rank? {
        state.withLock { state in
            guard let rank = state.hold.rank else { return nil }
            return ContinuousClock.now - state.contact > IdTiming.absence ? .returning : rank
        }
    }

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
}

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
        /// Whether the present connection holds the Id's lock.
        var hasLock = false
        /// Whether another process serves the Id: it took it while this node could not be heard, and keeps it.
        var isYielding = false
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

    /// Begins a new incarnation, on a new connection.
    func rename(_ names: Names) {
        state.withLock { state in
            state.queue = names.requests(id, life: life)
            (state.channel, state.hasLock) = (nil, false)
        }
    }
}

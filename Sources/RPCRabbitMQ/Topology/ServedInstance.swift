import NIOCore
import RPC
import RabbitMQ
import Synchronization

/// An instance that this node serves, across its incarnations: what must be there again after a reconnect.
final class ServedInstance: Sendable {
    struct State {
        /// The names of its queues on the present connection.
        var queue: QueueName
        /// What the node knows it by: the same, but for the moment of a reconnect.
        var knownQueue: QueueName
        var pushQueue: QueueName
        /// The channel that consumes `queue`, and deletes it in the end: its own, for a refusal closes it.
        var channel: AMQPChannel?
        /// The channel that consumes `pushQueue` on the present connection; nil until the first group declares it.
        var pushChannel: AMQPChannel?
        var groups: Set<GroupName> = []
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
        state = Mutex(
            State(
                queue: names.requests(id, life: life), knownQueue: names.requests(id, life: life),
                pushQueue: names.pushes(id, life: life)))
    }

    var queue: QueueName { state.withLock { $0.queue } }
    var isClosing: Bool { state.withLock { $0.isClosing } }

    /// Begins a new incarnation, on a new connection.
    /// - Returns: the group queue of the one before, if it was bound to many groups.
    func rename(_ names: Names) -> FormerQueue? {
        state.withLock { state in
            let hadMany = state.pushChannel != nil && state.groups.count >= FormerQueue.worthwhile
            let former = hadMany ? FormerQueue(state.pushQueue) : nil
            state.queue = names.requests(id, life: life)
            state.pushQueue = names.pushes(id, life: life)
            (state.channel, state.pushChannel, state.hasLock) = (nil, nil, false)
            return former
        }
    }
}

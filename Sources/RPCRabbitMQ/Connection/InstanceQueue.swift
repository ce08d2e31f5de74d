import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

/// The queue of an instance that this node serves. It has another name on each connection.
final class InstanceQueue: Sendable {
    private struct State {
        /// Its name on the present connection.
        var name: QueueName
        /// What the node knows it by: the same, but for the moment of a reconnect.
        var knownName: QueueName
        /// The channel that consumes the queue, and deletes it in the end: its own, for a refusal closes it.
        var channel: AMQPChannel?
        var lastRequest = NIODeadline.now()
        var isClosing = false
    }

    let instance: InstanceID
    /// Counts the lives of an Id on one connection.
    private let life: Int
    private let state: Mutex<State>

    init(of instance: InstanceID, life: Int, names: TopologyNames) {
        self.instance = instance
        self.life = life
        let name = names.requests(instance, life: life)
        state = Mutex(State(name: name, knownName: name))
    }

    var name: QueueName { state.withLock { $0.name } }
    var channel: AMQPChannel? { state.withLock { $0.channel } }
    var lastRequest: NIODeadline { state.withLock { $0.lastRequest } }
    var isClosing: Bool { state.withLock { $0.isClosing } }

    func noteRequest(now: NIODeadline) { state.withLock { $0.lastRequest = now } }

    func opened(on channel: AMQPChannel) { state.withLock { $0.channel = channel } }

    func beginClosing() { state.withLock { $0.isClosing = true } }

    /// Takes the name that it has on a new connection.
    func rename(_ names: TopologyNames) {
        state.withLock { state in
            state.name = names.requests(instance, life: life)
            state.channel = nil
        }
    }

    /// The name that the node knows, and the one that it is told now.
    func takeRenaming() -> (known: QueueName, name: QueueName) {
        state.withLock { state in
            defer { state.knownName = state.name }
            return (state.knownName, state.name)
        }
    }
}

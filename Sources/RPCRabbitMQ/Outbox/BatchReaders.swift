import MqantRPC
import NIOCore
import Synchronization

/// The queues whose nodes have announced that they read batches.
final class BatchReaders: Sendable {
    private struct State {
        var nodes: [NodeID: (queues: Set<QueueName>, heard: NIODeadline)] = [:]
        var all: Set<QueueName> = []
    }

    /// A node silent for so long is forgotten here; if it comes back it says it again.
    private static var memory: TimeAmount { .seconds(60) }

    private let state = Mutex(State())

    /// All of them, at this moment.
    var queues: Set<QueueName> { state.withLock { $0.all } }

    /// Takes note of what a node announced: the queues at which it reads batches, none after a goodbye.
    func heard(_ node: NodeID, _ queues: Set<QueueName>, now: NIODeadline) {
        state.withLock { state in
            let known = state.nodes[node]?.queues ?? []
            state.nodes[node] = queues.isEmpty ? nil : (queues, now)
            guard known != queues else { return }
            state.nodes = state.nodes.filter { now - $0.value.heard < Self.memory }
            state.all = state.nodes.values.reduce(into: []) { $0.formUnion($1.queues) }
        }
    }

    func clear() { state.withLock { $0 = State() } }
}

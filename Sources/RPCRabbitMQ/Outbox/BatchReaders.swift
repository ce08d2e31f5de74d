import MqantRPC
import Synchronization

/// The queues of other nodes that take batches.
final class BatchReaders: Sendable {
    private let state = Mutex<Set<QueueName>>([])

    var queues: Set<QueueName> { state.withLock { $0 } }

    func set(_ queues: Set<QueueName>) { state.withLock { $0 = queues } }
}

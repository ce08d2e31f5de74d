import Synchronization

/// The bounded queue of one connection's operations. Full: the submitter is refused with `queueFull`, at once;
/// nothing is dropped and nobody waits.
final class Inbox: Sendable {
    private struct State {
        var operations: [Operation] = []
        /// Of everything accepted and not yet written, what the owner thread holds back included.
        var count = 0
        var bytes = 0
        var wantsWrite = false
        var closed: RabbitMQError?
    }

    /// Made once: when it is thrown, it is thrown often.
    private static let full = RabbitMQError(.queueFull, "too much waits for the broker already")

    private let state = Mutex(State())
    private let maximumCount: Int
    private let maximumBytes: Int

    init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
    }

    func append(_ operation: Operation) throws(RabbitMQError) {
        let weight = operation.weight
        try state.withLock { (state) throws(RabbitMQError) in
            if let error = state.closed { throw error }
            // Closing and acknowledging must not fail for fullness: the one ends it, the other empties it.
            switch operation {
            case .publish, .ask:
                // An empty queue takes anything, so a bound never makes a large message impossible.
                let count = state.count + weight.count
                let bytes = state.bytes + weight.bytes
                if state.count > 0, count > maximumCount || bytes > maximumBytes { throw Self.full }
            default: break
            }
            state.count += weight.count
            state.bytes += weight.bytes
            state.operations.append(operation)
        }
    }

    /// Throws once the connection is over.
    func requestWrite() throws(RabbitMQError) {
        try state.withLock { (state) throws(RabbitMQError) in
            if let error = state.closed { throw error }
            state.wantsWrite = true
        }
    }

    /// Swaps the queued operations into `operations`, which must be empty; its memory is used for the next ones.
    /// Returns whether a write was requested since the last time.
    func take(into operations: inout [Operation], releasing count: Int, _ bytes: Int) -> Bool {
        state.withLock { state in
            state.count -= count
            state.bytes -= bytes
            swap(&state.operations, &operations)
            defer { state.wantsWrite = false }
            return state.wantsWrite
        }
    }

    /// Takes note of what has been done. Returns whether there is nothing new.
    func release(_ count: Int, _ bytes: Int) -> Bool {
        state.withLock { state in
            state.count -= count
            state.bytes -= bytes
            return state.operations.isEmpty && !state.wantsWrite
        }
    }

    /// From now on `append` throws `error`. Returns what had been queued.
    func close(_ error: RabbitMQError) -> [Operation] {
        state.withLock { state in
            state.closed = error
            defer { state.operations = [] }
            return state.operations
        }
    }
}

import DequeModule
import Synchronization

/// What waits to be received on one queue. Whoever finds it at rest hands it out, so one call at a time is received.
final class InProcessMailbox: Sendable {
    private struct State {
        var waiting: Deque<Envelope> = []
        var isDraining = false
    }

    private let queue: QueueName
    private let receiver: any TransportReceiver
    private let state = Mutex(State())

    init(queue: QueueName, receiver: any TransportReceiver) {
        self.queue = queue
        self.receiver = receiver
    }

    func append(_ envelope: Envelope) {
        state.withLock { $0.waiting.append(envelope) }
    }

    /// Hands out what waits, unless another call, of this thread or another, is at it.
    func drain() {
        let isMine = state.withLock { state in
            defer { state.isDraining = true }
            return !state.isDraining
        }
        guard isMine else { return }
        while let next = next() { receiver.received(next, on: queue) }
    }

    private func next() -> Envelope? {
        state.withLock { state in
            let next = state.waiting.popFirst()
            if next == nil { state.isDraining = false }
            return next
        }
    }
}

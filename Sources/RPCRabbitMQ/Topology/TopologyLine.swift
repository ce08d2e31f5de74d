import DequeModule
import RPC
import Synchronization

/// Binds and unbinds that wait to be done, in order. It outlives connections. Bounded.
final class TopologyLine: Sendable {
    struct Step: Sendable {
        enum Kind: Sendable {
            /// Declares the queue of the instance's groups, and tries whether it may be bound; of no group.
            case open
            case bind
            case unbind
        }

        var instance: ServedInstance
        var group: GroupName
        var kind: Kind
        var completion: @Sendable (Result<Void, RPCError>) -> Void
        var deadline: ContinuousClock.Instant
    }

    private struct State {
        var steps: Deque<Step> = []
        var isClosed = false
    }

    private static let capacity = 100_000

    private let state = Mutex(State())
    private let signal: AsyncStream<Void>.Continuation
    /// Tells that there is something to take. For one reader in all.
    let signals: AsyncStream<Void>

    init() {
        (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func append(_ step: Step) {
        let error: RPCError? = state.withLock { state in
            if state.isClosed { return RPCError(.shuttingDown, "this node is shutting down") }
            guard state.steps.count < Self.capacity else {
                return RPCError(.overloaded, "too many groups wait to be bound", outcome: .notDelivered)
            }
            state.steps.append(step)
            return nil
        }
        if let error { return step.completion(.failure(error)) }
        signal.yield()
    }

    func take() -> [Step] {
        state.withLock { state in
            defer { state.steps = [] }
            return Array(state.steps)
        }
    }

    /// Gives back what the connection's end left undone.
    func putBack(_ steps: [Step]) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.steps.insert(contentsOf: steps, at: 0) }
            return state.isClosed
        }
        if isClosed { fail(steps, RPCError(.shuttingDown, "this node is shutting down")) }
    }

    /// Has the reader look again.
    func poke() { signal.yield() }

    /// Fails what has waited for too long.
    func expire(now: ContinuousClock.Instant) {
        let expired = state.withLock { state in
            defer { state.steps.removeAll { $0.deadline <= now } }
            return state.steps.filter { $0.deadline <= now }
        }
        fail(Array(expired), RPCError(.timeout, "the broker was not reached in time", outcome: .notDelivered))
    }

    func close() {
        let left = state.withLock { state in
            defer { state.steps = [] }
            state.isClosed = true
            return Array(state.steps)
        }
        fail(left, RPCError(.shuttingDown, "this node is shutting down"))
    }

    private func fail(_ steps: [Step], _ error: RPCError) {
        for step in steps { step.completion(.failure(error)) }
    }
}

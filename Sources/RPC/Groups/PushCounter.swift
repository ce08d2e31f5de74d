import Synchronization

/// Tells that a push is on its way once all of its deliveries are, or why one of them was not sent.
final class PushCounter: Sendable {
    private struct State {
        var left = 1
        var error: RPCError?
    }

    private let state = Mutex(State())
    private let outcome: PushOutcome
    private let completion: @Sendable (Result<PushOutcome, RPCError>) -> Void

    init(_ outcome: PushOutcome, _ completion: @escaping @Sendable (Result<PushOutcome, RPCError>) -> Void) {
        self.outcome = outcome
        self.completion = completion
    }

    /// A delivery begins.
    func begin() { state.withLock { $0.left += 1 } }

    /// One has ended, or the push itself: the last end tells.
    /// - Parameter error: why it was not sent.
    func end(_ error: RPCError? = nil) {
        let result: Result<PushOutcome, RPCError>? = state.withLock { state in
            state.left -= 1
            state.error = state.error ?? error
            guard state.left == 0 else { return nil }
            return state.error.map { .failure($0) } ?? .success(outcome)
        }
        if let result { completion(result) }
    }
}

import Synchronization

/// One answer that somebody awaits: resumed exactly once, by whoever comes first of the answer, an error, the
/// deadline and the caller's cancellation.
final class Waiter<Value: Sendable>: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<Value, any Error>)
        case handled(@Sendable (Result<Value, any Error>) -> Void)
        case finished(Result<Value, any Error>)
        case consumed
    }

    private enum Step {
        case kept
        case resume(CheckedContinuation<Value, any Error>)
        case handle(@Sendable (Result<Value, any Error>) -> Void)
        case tooLate
    }

    /// When the owner thread gives up on the answer.
    let deadline: MonotonicTime
    private let state: Mutex<State>

    /// nil: without a deadline.
    init(timeout: Duration?) {
        deadline = timeout.map { MonotonicTime.now + $0 } ?? .distantFuture
        state = Mutex(.idle)
    }

    /// For somebody who does not await: `handler` is called instead, by whoever finishes it.
    init(timeout: Duration, handler: @escaping @Sendable (Result<Value, any Error>) -> Void) {
        deadline = MonotonicTime.now + timeout
        state = Mutex(.handled(handler))
    }

    /// False: somebody else was first, and the value reaches nobody.
    @discardableResult
    func succeed(_ value: Value) -> Bool { finish(.success(value)) }

    @discardableResult
    func fail(_ error: any Error) -> Bool { finish(.failure(error)) }

    private func finish(_ result: Result<Value, any Error>) -> Bool {
        let step: Step = state.withLock { state in
            switch state {
            case .idle:
                state = .finished(result)
                return .kept
            case .waiting(let continuation):
                state = .consumed
                return .resume(continuation)
            case .handled(let handler):
                state = .consumed
                return .handle(handler)
            case .finished, .consumed:
                return .tooLate
            }
        }
        switch step {
        case .kept: return true
        case .tooLate: return false
        case .handle(let handler):
            handler(result)
            return true
        case .resume(let continuation):
            continuation.resume(with: result)
            return true
        }
    }

    /// Runs `start`, which hands this waiter to the owner thread, and waits. Awaited once.
    ///
    /// A cancelled caller gets `CancellationError` at once; what it asked for goes on and its answer is dropped.
    func wait(_ start: () throws -> Void) async throws -> Value {
        try await withTaskCancellationHandler {
            try start()
            return try await withCheckedThrowingContinuation { continuation in
                let result: Result<Value, any Error>? = state.withLock { state in
                    if case .finished(let result) = state {
                        state = .consumed
                        return result
                    }
                    state = .waiting(continuation)
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            fail(CancellationError())
        }
    }
}

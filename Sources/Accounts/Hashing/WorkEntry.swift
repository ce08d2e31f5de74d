import Synchronization

/// Work that waits for a thread, whatever its result is.
protocol WaitingWork: AnyObject, Sendable {
    /// Does the work, on the thread that calls, and gives whoever awaits it the result; refuses it where its deadline
    /// has passed.
    func run()
    /// Ends the wait with an error, unless the work was begun.
    func refuse(_ error: any Error)
}

/// Work, and the continuation of whoever awaits it, which is resumed exactly once: by its result, or by a refusal
/// before that.
final class WorkEntry<Value: Sendable>: WaitingWork {
    typealias Continuation = CheckedContinuation<Value, any Error>

    private enum Phase {
        case new
        case waiting(Continuation)
        /// Refused before it was known who waits.
        case refused(any Error)
        case taken
    }

    private let deadline: ContinuousClock.Instant
    private let work: @Sendable () throws -> Value
    private let phase = Mutex(Phase.new)

    init(deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () throws -> Value) {
        self.deadline = deadline
        self.work = work
    }

    func wait(_ continuation: Continuation) {
        let refusal: (any Error)? = phase.withLock { phase in
            if case .refused(let error) = phase { return error }
            phase = .waiting(continuation)
            return nil
        }
        if let refusal { continuation.resume(throwing: refusal) }
    }

    func run() {
        guard let continuation = take() else { return }
        if ContinuousClock.now >= deadline {
            continuation.resume(throwing: HashingRefusal.tooLate)
        } else {
            continuation.resume(with: Result { try work() })
        }
    }

    func refuse(_ error: any Error) {
        let continuation: Continuation? = phase.withLock { phase in
            switch phase {
            case .new:
                phase = .refused(error)
                return nil
            case .waiting(let continuation):
                phase = .taken
                return continuation
            case .refused, .taken: return nil
            }
        }
        continuation?.resume(throwing: error)
    }

    private func take() -> Continuation? {
        phase.withLock { phase in
            guard case .waiting(let continuation) = phase else { return nil }
            phase = .taken
            return continuation
        }
    }
}

import Synchronization

/// An event that happens once, and that any number of tasks may wait for.
final class Signal: Sendable {
    private struct State {
        var hasFired = false
        var lastWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// Lets it happen. Firing twice is firing once.
    func fire() {
        let waiters = state.withLock { state in
            defer { (state.hasFired, state.waiters) = (true, [:]) }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns once it has happened, even in a task that is cancelled.
    func wait() async {
        let waiter = newWaiter()
        await withCheckedContinuation { add($0, as: waiter, isCancelled: false) }
    }

    /// Returns once it has happened, or the task is cancelled.
    func waitUnlessCancelled() async {
        let waiter = newWaiter()
        await withTaskCancellationHandler {
            await withCheckedContinuation { add($0, as: waiter, isCancelled: Task.isCancelled) }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume()
        }
    }

    private func newWaiter() -> UInt64 {
        state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
    }

    /// - Parameter isCancelled: whether the task is cancelled at this moment. A later cancellation finds the waiter.
    private func add(
        _ continuation: CheckedContinuation<Void, Never>, as waiter: UInt64, isCancelled: @autoclosure () -> Bool
    ) {
        let isOver = state.withLock { state in
            // Under the lock: a cancellation comes before this look, or takes the lock after it.
            guard !state.hasFired, !isCancelled() else { return true }
            state.waiters[waiter] = continuation
            return false
        }
        if isOver { continuation.resume() }
    }
}

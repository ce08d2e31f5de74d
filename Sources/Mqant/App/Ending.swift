import Logging
import Synchronization
import UnixSignals

/// The end that SIGINT and SIGTERM ask for. It may come at any time, while modules still start among them.
final class Ending: Sendable {
    private struct State {
        var hasCome = false
        var lastWaiter: UInt64 = 0
        var waiters: [UInt64: AsyncStream<Never>.Continuation] = [:]
    }

    private let state = Mutex(State())

    /// Runs `body`, which finds out from its argument when it shall end. From here on the signals do nothing else.
    static func heeded<Value: Sendable>(logger: Logger, _ body: (Ending) async -> Value) async -> Value {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let ending = Ending()
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await signal in signals {
                    let name = signal == .sigint ? "interrupt" : "terminated"
                    if ending.come() { logger.info("\(App.name) closing down (signal: \(name))") }
                }
            }
            defer { group.cancelAll() }
            return await body(ending)
        }
    }

    var hasCome: Bool { state.withLock { $0.hasCome } }

    /// Returns when the end has come, or the caller is cancelled.
    func wait() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        let id: UInt64? = state.withLock { state in
            guard !state.hasCome else { return nil }
            state.lastWaiter += 1
            state.waiters[state.lastWaiter] = continuation
            return state.lastWaiter
        }
        guard let id else { return }
        for await _ in stream {}
        state.withLock { _ = $0.waiters.removeValue(forKey: id) }
    }

    /// Runs `body`, and cancels it when the end comes.
    /// - Returns: what it returned all the same.
    func cancelling<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) async -> Value {
        // Awaited below.
        let work = Task { await body() }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.wait()
                if self.hasCome { work.cancel() }
            }
            defer { group.cancelAll() }
            return await withTaskCancellationHandler {
                await work.value
            } onCancel: {
                work.cancel()
            }
        }
    }

    private func come() -> Bool {
        let (isFirst, waiters) = state.withLock { state in
            defer { (state.hasCome, state.waiters) = (true, [:]) }
            return (!state.hasCome, state.waiters.values)
        }
        for waiter in waiters { waiter.finish() }
        return isFirst
    }
}

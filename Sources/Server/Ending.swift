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

    private let program: String
    private let state = Mutex(State())

    /// - Parameter program: whose end it is, for the log.
    init(_ program: String) { self.program = program }

    /// Runs `body`; the end comes with SIGINT or SIGTERM. From here on these signals do nothing else, and those that other
    /// servers take as orders end nothing.
    func heedingSignals(logger: Logger, _ body: () async throws -> Void) async throws {
        let signals = await UnixSignalsSequence(trapping: [.sigint, .sigterm] + IdleSignal.heeded.map(\.signal))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                for await signal in signals {
                    if let idle = IdleSignal.all.first(where: { $0.signal == signal }) {
                        logger.notice("\(idle.advice)", metadata: ["signal": "\(idle.name)"])
                        continue
                    }
                    let name = signal == .sigint ? "interrupt" : "terminated"
                    if come() { logger.info("\(program) closing down (signal: \(name))") }
                }
            }
            defer { group.cancelAll() }
            try await body()
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

    /// Has the end come.
    /// - Returns: true for the first time.
    @discardableResult
    func come() -> Bool {
        let (isFirst, waiters) = state.withLock { state in
            defer { (state.hasCome, state.waiters) = (true, [:]) }
            return (!state.hasCome, state.waiters.values)
        }
        for waiter in waiters { waiter.finish() }
        return isFirst
    }
}

import Glibc
import Synchronization

/// What a loop's thread and the others share.
final class LoopCore: Sendable {
    private struct State {
        var openings: [any ConnectionOpening] = []
        var isStopping = false
        var isRunning = false
    }

    let wakeup: Wakeup
    let name: String
    private let state = Mutex(State())
    /// Held by whoever is the owner: by the loop's thread whenever it does not sleep, or by a borrower while it does.
    private let turn = Mutex<Void>(())
    private let owner = Atomic<UInt>(0)
    private let thread = Atomic<UInt>(0)

    init(name: String) throws(RabbitMQError) {
        self.name = name
        wakeup = try Wakeup()
    }

    /// Whether the caller owns the connections at this moment: then nobody else touches them.
    var isCurrent: Bool { owner.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Whether this is the loop's own thread.
    var isLoopThread: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Makes the calling thread the loop's.
    func claim() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
    }

    /// Runs `body` as the owner. By the loop's thread, for all that it does but sleep.
    func own<Result: Sendable>(_ body: () -> Result) -> Result {
        turn.withLock { _ in asOwner(body) }
    }

    /// Runs `body` as the owner, on any thread, if the loop sleeps and nobody has borrowed it. Never waits.
    /// - Returns: what `body` returned; nil if it was not run.
    func borrow<Result: Sendable>(_ body: () -> Result) -> Result? {
        guard wakeup.isAsleep, !isCurrent else { return nil }
        return turn.withLockIfAvailable { _ in
            // It may have been woken since, and be waiting for its turn.
            wakeup.isAsleep ? asOwner(body) : nil
        } ?? nil
    }

    private func asOwner<Result>(_ body: () -> Result) -> Result {
        owner.store(UInt(pthread_self()), ordering: .relaxed)
        defer { owner.store(0, ordering: .relaxed) }
        return body()
    }

    /// Starts the thread with the first opening.
    func submit(_ opening: any ConnectionOpening) throws(RabbitMQError) {
        let mustStart = state.withLock { state in
            state.openings.append(opening)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart {
            let started = NativeThread.start(name: name) { LoopThread(self).run() }
            if !started {
                let error = RabbitMQError(.unreachable, "no thread for a connection")
                let openings = state.withLock { state in
                    defer { (state.isRunning, state.openings) = (false, []) }
                    return state.openings
                }
                // Others may have come meanwhile, and wait.
                for opening in openings { opening.fail(error) }
                throw error
            }
        }
        wakeup.signal()
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        wakeup.signal()
    }

    func takeOpenings() -> [any ConnectionOpening] {
        state.withLock { state in
            defer { state.openings = [] }
            return state.openings
        }
    }

    var hasOpenings: Bool { state.withLock { !$0.openings.isEmpty } }

    var isStopping: Bool { state.withLock { $0.isStopping && $0.openings.isEmpty } }
}

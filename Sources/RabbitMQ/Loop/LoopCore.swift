import Glibc
import Synchronization

/// What a loop's thread and the others share.
final class LoopCore: Sendable {
    private struct State {
        var openings: [Connector] = []
        var isStopping = false
        var isRunning = false
    }

    let wakeup: Wakeup
    let name: String
    private let state = Mutex(State())
    private let thread = Atomic<UInt>(0)

    init(name: String) throws(RabbitMQError) {
        self.name = name
        wakeup = try Wakeup()
    }

    /// Whether this is the owner thread.
    var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    func claim() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
    }

    /// Starts the thread with the first opening.
    func submit(_ opening: Connector) throws(RabbitMQError) {
        let mustStart = state.withLock { state in
            state.openings.append(opening)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart {
            let started = NativeThread.start(name: name) { LoopThread(core: self).run() }
            if !started {
                state.withLock { state in
                    state.isRunning = false
                    state.openings.removeAll()
                }
                throw RabbitMQError(.unreachable, "no thread for a connection")
            }
        }
        wakeup.signal()
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        wakeup.signal()
    }

    func takeOpenings() -> [Connector] {
        state.withLock { state in
            defer { state.openings = [] }
            return state.openings
        }
    }

    var hasOpenings: Bool { state.withLock { !$0.openings.isEmpty } }

    var isStopping: Bool { state.withLock { $0.isStopping && $0.openings.isEmpty } }
}

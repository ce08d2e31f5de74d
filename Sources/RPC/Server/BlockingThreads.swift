import NIOPosix
import Synchronization

/// The threads that functions may block, of all instances of a node together.
///
/// They are made when the first such function is registered, none before and none after. What waits for one is bounded by
/// what its instance runs at a time.
package final class BlockingThreads: Sendable {
    private enum Phase {
        case new
        case running
        case ended
    }

    private let pool: NIOThreadPool
    private let phase = Mutex(Phase.new)

    /// - Parameter count: how many there will be.
    init(count: Int) { pool = NIOThreadPool(numberOfThreads: max(1, count)) }

    deinit { end() }

    /// Makes the threads, unless they are there or have ended.
    func start() {
        phase.withLock { phase in
            guard case .new = phase else { return }
            pool.start()
            phase = .running
        }
    }

    /// Has `work` run on one of the threads, in the order of submission.
    ///
    /// - Parameter work: called with true there; with false, on any thread, if there are none any more.
    func submit(_ work: @escaping @Sendable (_ isRunning: Bool) -> Void) {
        pool.submit { state in work(state == .active) }
    }

    /// Ends the threads once what they are at is done; what waits for one is told. Does not wait for it: a function that was
    /// given up may block its thread for ever.
    func end() {
        let wasRunning = phase.withLock { phase in
            defer { phase = .ended }
            if case .running = phase { return true }
            return false
        }
        if wasRunning { pool.shutdownGracefully { _ in } }
    }
}

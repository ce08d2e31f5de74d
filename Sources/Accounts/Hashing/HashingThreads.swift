import NIOPosix
import Synchronization

/// Threads for work that blocks: computing hashes, and waiting for a file. So many at a time; so many wait, in lanes
/// that have turns; who finds no room is told at once.
///
/// Swift's own pool has one thread for each core: a hash there would keep everything else of the process waiting.
package final class HashingThreads: Sendable {
    private let pool: NIOThreadPool
    private let queue: Mutex<FairQueue<any WaitingWork>>
    private let patience: Duration
    private let hasEnded = Mutex(false)

    /// - Parameters:
    ///   - count: how many threads there are; they are made now.
    ///   - waiting: how much work may wait for one.
    ///   - patience: how long work may wait; what waited longer is not begun.
    package init(count: Int, waiting: Int, patience: Duration = .seconds(8)) {
        pool = NIOThreadPool(numberOfThreads: max(1, count))
        queue = Mutex(FairQueue(capacity: waiting))
        self.patience = patience
        pool.start()
    }

    deinit { end() }

    /// How much work waits for a thread.
    package var waiting: Int { queue.withLock { $0.count } }

    /// Runs work on one of the threads, and awaits its result.
    ///
    /// - Parameter lane: whose work it is.
    /// - Throws: what the work throws; `HashingRefusal` if it was not begun, `CancellationError` if the task was
    ///   cancelled before.
    package func run<Value: Sendable>(
        lane: String, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let entry = WorkEntry(deadline: .now + patience, work)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                entry.wait(continuation)
                guard queue.withLock({ $0.append(entry, lane: lane) }) else {
                    return entry.refuse(HashingRefusal.noRoom)
                }
                // Not this very work, but that whose turn it is then: each submission takes one.
                pool.submit { state in self.next(isRunning: state == .active) }
            }
        } onCancel: {
            entry.refuse(CancellationError())
        }
    }

    private func next(isRunning: Bool) {
        guard let entry = queue.withLock({ $0.popFirst() }) else { return }
        if isRunning { entry.run() } else { entry.refuse(HashingRefusal.ended) }
    }

    /// Ends the threads once they have done what they are at; what waits is refused. Does not wait for it.
    package func end() {
        let isFirst = hasEnded.withLock { hasEnded in
            defer { hasEnded = true }
            return !hasEnded
        }
        if isFirst { pool.shutdownGracefully { _ in } }
    }
}

/// Why work was not begun.
package enum HashingRefusal: Error {
    /// Too much waits already.
    case noRoom
    /// It waited for too long.
    case tooLate
    /// The threads have ended.
    case ended
}

import Dispatch
import Synchronization

/// Runs what the modules of a test do, and knows when none of it runs.
final class TestExecutor: TaskExecutor {
    private struct State {
        /// Jobs that run, or are about to.
        var running = 0
        /// All jobs so far.
        var jobs: UInt64 = 0
        var waiters: [CheckedContinuation<UInt64, Never>] = []
    }

    private static let threads = DispatchQueue(label: "mqant.test", attributes: .concurrent)

    private let state = Mutex(State())

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { state in
            state.running += 1
            state.jobs += 1
        }
        Self.threads.async { [self] in
            job.runSynchronously(on: asUnownedTaskExecutor())
            ended()
        }
    }

    /// Returns once no job runs.
    /// - Returns: how many have run.
    func idle() async -> UInt64 {
        await withCheckedContinuation { continuation in
            let jobs: UInt64? = state.withLock { state in
                guard state.running > 0 else { return state.jobs }
                state.waiters.append(continuation)
                return nil
            }
            if let jobs { continuation.resume(returning: jobs) }
        }
    }

    private func ended() {
        let (waiters, jobs) = state.withLock { state in
            state.running -= 1
            guard state.running == 0 else { return ([CheckedContinuation<UInt64, Never>](), state.jobs) }
            defer { state.waiters = [] }
            return (state.waiters, state.jobs)
        }
        for waiter in waiters { waiter.resume(returning: jobs) }
    }
}

import Dispatch
import Testing

/// Runs a suite's tests on a thread apart, one of all such tests at a time: they compute for seconds, and other tests need
/// those of Swift's pool, and their share of the cores.
struct OwnThread: SuiteTrait, TestTrait, TestScoping {
    private final class Executor: TaskExecutor {
        static let shared = Executor()

        private let queue = DispatchQueue(label: "own thread")

        private init() { queue.setSpecific(key: OwnThread.mark, value: true) }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    private static let mark = DispatchSpecificKey<Bool>()

    /// Whether the caller runs on such a thread.
    static var isCurrent: Bool { DispatchQueue.getSpecific(key: mark) == true }

    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        try await withTaskExecutorPreference(Executor.shared) { try await function() }
    }
}

extension Trait where Self == OwnThread {
    static var ownThread: Self { OwnThread() }
}

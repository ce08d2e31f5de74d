import FoundationEssentials
import MqantRPC
import Synchronization
public import Testing

/// Runs a test's body once for each of many seeds, and has things go wrong in each run as its seed says.
/// See ``Testing/Trait/faults(_:seeds:)``.
public struct FaultsTrait: TestTrait, TestScoping {
    /// The variable of the environment that names one seed to run instead of all.
    private static let variable = "MQANT_SEED"

    let faults: Faults
    let seeds: ClosedRange<Int>

    /// Runs the body once for each seed, one after the other. Called by the testing library.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        for seed in try chosenSeeds() {
            let hasFailed = Mutex(false)
            let advice: Comment = "seed \(seed): \(Self.variable)=\(seed) in the environment repeats this run alone"
            let scope = IssueHandlingTrait.compactMapIssues { issue in
                var issue = issue
                issue.comments.append(advice)
                if issue.endsRuns { hasFailed.withLock { $0 = true } }
                return issue
            }
            try await scope.provideScope(for: test, testCase: testCase) {
                try await FaultPlan.$current.withValue(FaultPlan(faults: faults, seed: seed)) {
                    do {
                        try await function()
                    } catch is ExpectationFailedError {
                        // Recorded where it failed.
                    } catch let error as CancellationError {
                        throw error
                    } catch {
                        Issue.record(error, sourceLocation: test.sourceLocation)
                    }
                }
            }
            if hasFailed.withLock({ $0 }) { return }
        }
    }

    private func chosenSeeds() throws -> ClosedRange<Int> {
        guard let text = ProcessInfo.processInfo.environment[Self.variable] else { return seeds }
        guard let seed = Int(text) else { throw TestFailure("\(Self.variable) is not a number: \(text)") }
        return seed...seed
    }
}

extension Trait where Self == FaultsTrait {
    /// Runs a test's body once for each seed, one after the other, and has things go wrong in each run as its seed says.
    ///
    ///     @Test(.faults(seeds: 1...100)) func everybodyIsSeated() async throws {
    ///         try await Server.test(Table.self) { server in … }
    ///     }
    ///
    /// In such a test ``MqantServer/Server/test(_:settings:others:gate:over:clock:logger:isolation:_:)`` gives each module a
    /// node of its own, and the Gate another, which is never killed. A run that fails is the last, and each of its issues says
    /// how to repeat it. A seed decides how long messages take, and which request kills which instance. What the threads of the
    /// process do in between it does not decide: a failure may take some repetitions.
    ///
    /// - Parameters:
    ///   - faults: what may go wrong.
    ///   - seeds: the seeds; the environment's `MQANT_SEED` names one to run instead.
    public static func faults(_ faults: Faults = .all, seeds: ClosedRange<Int>) -> Self {
        Self(faults: faults, seeds: seeds)
    }
}

extension Issue {
    /// Whether further seeds are not tried: warnings and known issues are no failures.
    fileprivate var endsRuns: Bool {
        #if compiler(>=6.3)
            isFailure
        #else
            true
        #endif
    }
}

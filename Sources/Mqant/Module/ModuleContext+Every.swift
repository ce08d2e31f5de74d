import ServiceLifecycle
import Synchronization

/// How a repeated piece of work has kept its pace.
public struct Pace: Sendable, Hashable {
    /// How often the work began.
    public internal(set) var runs: UInt64 = 0
    /// How many beginnings were left out because the work before took longer than the interval.
    public internal(set) var overruns: UInt64 = 0
}

extension ModuleContext {
    /// Does a piece of work again and again until the node shuts down: what a `run()` is often made of.
    ///
    ///     public func run() async throws {
    ///         try await context.every(.milliseconds(50)) { pace in table.tick() }
    ///     }
    ///
    /// Beginnings stand at multiples of the interval from the first on, so nothing drifts. A beginning that falls into the
    /// work before is left out, and counted.
    ///
    /// - Parameters:
    ///   - interval: the time between two beginnings; at least a millisecond.
    ///   - body: the work, one at a time. What it throws ends the repetition.
    /// - Throws: what `body` throws; `CancellationError` if the task is cancelled.
    public func every(_ interval: Duration, _ body: (Pace) async throws -> Void) async throws {
        let interval = max(interval, .milliseconds(1))
        let clock = clock
        let start = clock.now
        var pace = Pace()
        var beat: UInt64 = 0
        let ending = Flag()
        try await withGracefulShutdownHandler {
            while !ending.isSet {
                pace.runs += 1
                try await body(pace)
                let passed = UInt64(max(0, (clock.now - start) / interval))
                let next = max(beat + 1, passed + (passed > beat ? 1 : 0))
                pace.overruns += next - beat - 1
                beat = next
                let moment = start + interval * Int(clamping: next)
                // Not `cancelWhenGracefulShutdown`, which ends by way of a task that is nobody's child: a test's clock knows when all
                // that a module does is at rest, but not of such.
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await clock.sleep(until: moment) }
                    group.addTask { await ending.wait() }
                    defer { group.cancelAll() }
                    try await group.next()
                }
                try Task.checkCancellation()
            }
        } onGracefulShutdown: {
            ending.set()
        }
    }
}

import MqantRPC

/// The clock of a module's timers: the system's `ContinuousClock`, or the one that a test holds in its hand.
///
///     try await context.clock.sleep(for: .seconds(30))
///     let taken = context.clock.now - began
public struct ModuleClock: Clock {
    /// A moment; those of two clocks must not be compared.
    public typealias Instant = ContinuousClock.Instant

    private let source: (any TimeSource)?

    init(_ clock: NodeClock) { source = clock.source }

    /// The time now.
    public var now: Instant { source?.instant ?? .now }

    /// What the system's clock can tell apart.
    public var minimumResolution: Duration { ContinuousClock().minimumResolution }

    /// Returns once the time has come.
    ///
    /// - Throws: `CancellationError` if the task is cancelled before.
    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        guard let source else { return try await ContinuousClock().sleep(until: deadline, tolerance: tolerance) }
        try await source.sleep(until: deadline)
    }
}

extension ModuleContext {
    /// The clock by which the module's timers should run, so that a test can move it.
    public var clock: ModuleClock { ModuleClock(node.clock) }
}

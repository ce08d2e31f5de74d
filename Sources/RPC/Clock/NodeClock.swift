package import NIOCore

/// The time by which a node's calls and its modules' timers are due: the system's monotonic clock, unless a test has
/// its own.
package struct NodeClock: Sendable {
    /// Nil: the system's.
    package let source: (any TimeSource)?

    package init(_ source: (any TimeSource)? = nil) { self.source = source }

    /// The time now.
    package var now: NIODeadline { source?.now ?? .now() }

    /// One look at the clock.
    struct Reading: Sendable {
        /// The time by which calls are due.
        var now: NIODeadline
        /// The system's time at that moment, by which the silence of others is measured.
        var system: NIODeadline
    }

    /// The time now, with the system's.
    var reading: Reading {
        guard let source else {
            let now = NIODeadline.now()
            return Reading(now: now, system: now)
        }
        return Reading(now: source.now, system: .now())
    }

    /// Has `body` called on an event loop once the time has come.
    package func schedule(
        at deadline: NIODeadline, on eventLoop: any EventLoop, _ body: @escaping @Sendable () -> Void
    ) -> Scheduled<Void> {
        source?.schedule(at: deadline, on: eventLoop, body) ?? eventLoop.scheduleTask(deadline: deadline, body)
    }
}

/// A time that a test moves.
package protocol TimeSource: AnyObject, Sendable {
    /// The time now, as event loops count it.
    var now: NIODeadline { get }

    /// The same time, as tasks count it.
    var instant: ContinuousClock.Instant { get }

    /// Has `body` called on an event loop once the time has come.
    func schedule(
        at deadline: NIODeadline, on eventLoop: any EventLoop, _ body: @escaping @Sendable () -> Void
    ) -> Scheduled<Void>

    /// Returns once the time has come.
    /// - Throws: `CancellationError` if the task is cancelled before.
    func sleep(until deadline: ContinuousClock.Instant) async throws
}

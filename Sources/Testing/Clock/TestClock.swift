import MqantRPC
import NIOCore
import Synchronization

/// A clock that stands still until the test moves it: for the deadlines of calls, `context.every`, `context.clock`, and the
/// waits of a `Roster`.
///
///     let clock = TestClock()
///     try await Server.test(Table.self, clock: clock) { server in
///         …
///         await clock.advance(by: .seconds(30))
///     }
///
/// What has nothing to do with it runs by the system's clock: `Task.sleep` and `ContinuousClock` in a module, a client's waits
/// in the test, the Gate's own times (keep-alive, `HTTPTimeout` and the like), and delays that `.faults` makes.
public final class TestClock: Sendable {
    private enum Action {
        case wake(CheckedContinuation<Void, any Error>)
        case run(on: any EventLoop, EventLoopPromise<Void>, @Sendable () -> Void)
    }

    private struct Timer {
        var deadline: NIODeadline
        var action: Action
    }

    private struct State {
        var now: NIODeadline
        /// By their numbers, which are in the order of their beginnings.
        var timers: [UInt64: Timer] = [:]
        var lastNumber: UInt64 = 0
        var eventLoops: [any EventLoop] = []
    }

    let executor = TestExecutor()
    private let origin = (deadline: NIODeadline.now(), instant: ContinuousClock.now)
    private let state: Mutex<State>

    /// A clock at the time of its making.
    public init() { state = Mutex(State(now: origin.deadline)) }

    deinit {
        // Nobody waits any more.
        for timer in state.withLock({ $0.timers.values }) {
            if case .run(_, let promise, _) = timer.action { promise.fail(CancellationError()) }
        }
    }

    /// Moves the time, and has everything done that is due until then.
    ///
    /// First it waits until the modules of the test are at rest: until every function, `run()` and component of theirs has ended
    /// or waits for something. Then it goes from one due moment to the next, in order. At each, all timers that are due fire, in
    /// the order in which they began, and it waits again until the modules are at rest before it goes on. So on its return,
    /// - `context.every` has done its work as often as the time says, and no beginning was left out because the test was
    ///   fast. The work saw the very moment as `context.clock.now`;
    /// - tasks that slept by `context.clock` have gone on, again and again if they sleep in a loop;
    /// - calls whose deadline has passed have ended as `timeout`. They are late by 10 ms at most, as ever: to see a
    ///   call of 10 s end, advance by 10.01 s.
    ///
    /// Tasks that a module starts with `Task { }` are not known here: they wake in time, but what they do then may go on after
    /// the return, and whether one sleeps already only ``sleepers(_:)`` tells. Nor does it wait for connections of a
    /// module's own, or for messages that `.faults` delays. A function that blocks its thread holds it up.
    ///
    /// Call it from the test, not from a module, and from one task at a time.
    public func advance(by duration: Duration) async {
        let end = state.withLock { $0.now } + TimeAmount(max(.zero, duration))
        await rest()
        while let due = takeDue(until: end) {
            for action in due { await fire(action) }
            await rest()
        }
        state.withLock { $0.now = max($0.now, end) }
    }

    /// Returns once as many tasks sleep by `context.clock` or `context.every`: for those that a module starts with `Task { }`.
    ///
    /// - Throws: `TestFailure` if that takes 10 s of the system's time.
    public func sleepers(_ count: Int) async throws {
        let end = ContinuousClock.now + .seconds(10)
        while sleeperCount < count {
            guard ContinuousClock.now < end else {
                throw TestFailure("\(sleeperCount) tasks slept by the test's clock, not \(count)")
            }
            // Nobody is told of a sleeper.
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    private var sleeperCount: Int {
        state.withLock { state in
            state.timers.values.count { timer in if case .wake = timer.action { true } else { false } }
        }
    }

    /// Takes the earliest moment's timers out, and sets the time to it; nil if none is due.
    private func takeDue(until end: NIODeadline) -> [Action]? {
        state.withLock { state in
            guard let moment = state.timers.values.map(\.deadline).min(), moment <= end else { return nil }
            state.now = max(state.now, moment)
            let due = state.timers.filter { $0.value.deadline == moment }.sorted { $0.key < $1.key }
            for (number, _) in due { state.timers[number] = nil }
            return due.map(\.value.action)
        }
    }

    private func fire(_ action: Action) async {
        switch action {
        case .wake(let continuation):
            continuation.resume()
        case .run(let eventLoop, let promise, let body):
            try? await eventLoop.submit {
                body()
                promise.succeed()
            }.get()
        }
    }

    // MARK: Rest

    /// Event loops that modules depend on have turns before it is said that all are at rest.
    func watch(_ eventLoops: [any EventLoop]) { state.withLock { $0.eventLoops += eventLoops } }

    func unwatch(_ eventLoops: [any EventLoop]) {
        state.withLock { state in
            state.eventLoops.removeAll { loop in eventLoops.contains { $0 === loop } }
        }
    }

    private func rest() async {
        var jobs: UInt64
        repeat {
            jobs = await executor.idle()
            // Twice: what one has to do may be to ask another.
            for _ in 0..<2 {
                for eventLoop in state.withLock({ $0.eventLoops }) { try? await eventLoop.submit {}.get() }
            }
        } while await executor.idle() != jobs
    }
}

extension TestClock: TimeSource {
    package var now: NIODeadline { state.withLock { $0.now } }

    package var instant: ContinuousClock.Instant { origin.instant + .nanoseconds((now - origin.deadline).nanoseconds) }

    package func schedule(
        at deadline: NIODeadline, on eventLoop: any EventLoop, _ body: @escaping @Sendable () -> Void
    ) -> Scheduled<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        let number = state.withLock { state in
            state.lastNumber += 1
            state.timers[state.lastNumber] = Timer(
                deadline: deadline, action: .run(on: eventLoop, promise, body))
            return state.lastNumber
        }
        return Scheduled(promise: promise) { [weak self] in
            self?.state.withLock { _ = $0.timers.removeValue(forKey: number) }
        }
    }

    package func sleep(until deadline: ContinuousClock.Instant) async throws {
        let deadline = origin.deadline + TimeAmount(deadline - origin.instant)
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let result: Result<Void, any Error>? = state.withLock { state in
                    // A cancellation that came before finds no timer, and is seen here.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if deadline <= state.now { return .success(()) }
                    state.timers[number] = Timer(deadline: deadline, action: .wake(continuation))
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let timer = state.withLock { $0.timers.removeValue(forKey: number) }
            if case .wake(let continuation)? = timer?.action { continuation.resume(throwing: CancellationError()) }
        }
    }
}

import Synchronization

/// A deadline that begins to run when it is first asked for.
final class SharedDeadline: Sendable {
    private let duration: Duration
    private let deadline = Mutex<ContinuousClock.Instant?>(nil)

    init(after duration: Duration) { self.duration = duration }

    /// The time that is left, never negative.
    var remaining: Duration {
        let now = ContinuousClock.now
        let end = deadline.withLock { deadline in
            let end = deadline ?? now + duration
            deadline = end
            return end
        }
        return max(.zero, end - now)
    }
}

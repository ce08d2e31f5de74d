import Synchronization

/// Since when a thread has been inside a send that may block. Written by that thread, read by `StuckSendWatch`.
final class SendClock: Sendable {
    private let startedAt = Atomic<UInt64>(0)

    func begin() {
        startedAt.store(max(1, MonotonicTime.now.nanoseconds), ordering: .relaxed)
    }

    func end() {
        startedAt.store(0, ordering: .relaxed)
    }

    /// nil: not sending.
    var since: MonotonicTime? {
        let value = startedAt.load(ordering: .relaxed)
        return value == 0 ? nil : MonotonicTime(nanoseconds: value)
    }
}

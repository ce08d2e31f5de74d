internal import CMqantRabbitMQ
import Glibc
import Synchronization

/// The eventfd that ends a loop's `poll`. Written only if the loop sleeps: many operations cost one wake-up, and none
/// while it is awake.
///
/// The two sides cannot miss each other: a submitter first queues, then looks at `sleeping`; the loop first announces
/// that it sleeps, then looks at its queues; both with sequential consistency, so at least one sees the other.
final class Wakeup: Sendable {
    let descriptor: Int32
    private let sleeping = Atomic<Bool>(false)

    init() throws(RabbitMQError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        if descriptor < 0 {
            let cause = SystemCallError(call: "eventfd", number: errno)
            throw RabbitMQError(.unreachable, "no event descriptor for a connection: \(cause)", underlying: cause)
        }
    }

    deinit {
        close(descriptor)
    }

    /// Whether the loop sleeps, or is about to.
    var isAsleep: Bool { sleeping.load(ordering: .sequentiallyConsistent) }

    /// After something was queued. From any thread.
    func signal() {
        guard sleeping.exchange(false, ordering: .sequentiallyConsistent) else { return }
        var one: UInt64 = 1
        // Fails only when 2^64-2 signals are pending, which wakes the loop just as well.
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// By the loop, before its last look at the queues.
    func prepareToSleep() {
        _ = sleeping.exchange(true, ordering: .sequentiallyConsistent)
    }

    /// By the loop, after `poll`.
    func awake(signalled: Bool) {
        sleeping.store(false, ordering: .sequentiallyConsistent)
        guard signalled else { return }
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }
}

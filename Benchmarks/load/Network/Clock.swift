import Glibc

/// The clock of all processes of the machine: nanoseconds that only grow.
enum Clock {
    static let second: UInt64 = 1_000_000_000

    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * second + UInt64(time.tv_nsec)
    }

    static func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(max(0, seconds) * Double(second)) }

    /// Waits until a moment.
    static func sleep(until moment: UInt64) {
        let now = now
        guard moment > now else { return }
        var time = timespec(tv_sec: Int((moment - now) / second), tv_nsec: Int((moment - now) % second))
        nanosleep(&time, nil)
    }
}

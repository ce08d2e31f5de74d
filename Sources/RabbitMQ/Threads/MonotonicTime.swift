import Glibc

/// A point on CLOCK_MONOTONIC, in nanoseconds: no setting of the wall clock moves it.
struct MonotonicTime: Comparable, Sendable {
    var nanoseconds: UInt64

    static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(
            nanoseconds: UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec))
    }

    static let distantFuture = MonotonicTime(nanoseconds: .max)

    static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Saturates instead of trapping, whatever the duration.
    static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        time.advanced(by: duration.clampedNanoseconds)
    }

    func advanced(by nanoseconds: UInt64) -> MonotonicTime {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return overflow ? .distantFuture : MonotonicTime(nanoseconds: sum)
    }

    /// Milliseconds from `now` until this, rounded up, for `poll`; -1 for never.
    func pollTimeout(from now: MonotonicTime) -> Int32 {
        if self == .distantFuture { return -1 }
        if self <= now { return 0 }
        let milliseconds = (nanoseconds - now.nanoseconds) / 1_000_000 + 1
        return Int32(clamping: milliseconds)
    }
}

extension Duration {
    /// Zero for a negative duration, the largest number for one of more than 584 years.
    var clampedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        if seconds < 0 || attoseconds < 0 { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return .max }
        let (sum, carry) = whole.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
        return carry ? .max : sum
    }
}

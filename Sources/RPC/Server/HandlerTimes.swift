import Histogram
import NIOCore
import Synchronization

/// How long handlers took, of the last one to two minutes.
final class HandlerTimes: Sendable {
    fileprivate struct State {
        var current = HandlerTimes.histogram()
        var last = HandlerTimes.histogram()
        var currentBegan = NIODeadline.now()
    }

    private let state = Mutex(State())

    func record(_ time: TimeAmount, now: NIODeadline) {
        let microseconds = UInt64(max(0, time.nanoseconds / 1000))
        state.withLock { state in
            state.turn(now)
            state.current.record(microseconds)
        }
    }

    /// The time in microseconds that `percentile` of 100 took at most; nil if nothing was recorded.
    func value(atPercentile percentile: Double) -> UInt64? {
        state.withLock { state in
            state.turn(.now())
            var all = state.last
            all.add(state.current)
            return all.totalCount == 0 ? nil : all.valueAtPercentile(percentile)
        }
    }

    /// Two digits, up to a minute: 9 KiB.
    private static func histogram() -> Histogram<UInt32> {
        var histogram = Histogram<UInt32>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .two)
        histogram.autoResize = true
        return histogram
    }
}

extension HandlerTimes.State {
    fileprivate mutating func turn(_ now: NIODeadline) {
        let age = now - currentBegan
        guard age > .minutes(1) else { return }
        if age > .minutes(2) { last.reset() } else { swap(&last, &current) }
        current.reset()
        currentBegan = now
    }
}

import Histogram

/// Times between 100 ns and 10 minutes, exact to a thousandth; those of several processes are merged.
struct LatencyHistogram {
    private static let unit: UInt64 = 100
    private static let longest: UInt64 = 600_000_000_000

    private var histogram = Histogram<UInt32>(
        lowestDiscernibleValue: unit, highestTrackableValue: longest, numberOfSignificantValueDigits: .three)

    var count: UInt64 { histogram.totalCount }

    mutating func record(_ nanoseconds: UInt64) { histogram.record(min(nanoseconds, Self.longest)) }

    mutating func record(_ nanoseconds: UInt64, times: UInt32) {
        histogram.record(min(nanoseconds, Self.longest), count: times)
    }

    /// What so many percent of the times do not exceed, in microseconds; 0 without any.
    func microseconds(at percentile: Double) -> Double {
        count == 0 ? 0 : Double(histogram.valueAtPercentile(percentile)) / 1000
    }

    var maximum: Double { count == 0 ? 0 : Double(histogram.max) / 1000 }
    var mean: Double { count == 0 ? 0 : histogram.mean / 1000 }

    /// Each time that there is, and how often.
    var entries: [(nanoseconds: UInt64, times: UInt32)] {
        histogram.recordedValues().map { ($0.value, $0.count) }
    }
}

/// When a run warms up, is measured, and sends nothing more.
struct MeasuredWindow: Equatable {
    let start: UInt64
    let measured: Range<UInt64>

    init(start: UInt64, warmUp: Double, duration: Double) {
        self.start = start
        let from = start + Clock.nanoseconds(warmUp)
        measured = from..<(from + max(1, Clock.nanoseconds(duration)))
    }

    var end: UInt64 { measured.upperBound }
}

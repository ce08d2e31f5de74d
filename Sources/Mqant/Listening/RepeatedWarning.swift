import NIOCore

/// Says again and again what goes on, but not more often than every 10 s.
struct RepeatedWarning {
    private static let interval = TimeAmount.seconds(10)

    private var last: NIODeadline?

    /// Whether it is to be said now.
    mutating func isDue(_ now: NIODeadline) -> Bool {
        if let last, now - last < Self.interval { return false }
        last = now
        return true
    }
}

/// Whether the peer still lives: heartbeats (AMQP 0-9-1 §4.2.7), and a socket that takes nothing.
///
/// A value without a clock: it is told the time. Its periods are in nanoseconds, because it is asked in every pass.
struct Liveness {
    /// The negotiated heartbeat; zero: none.
    let heartbeat: Duration
    private let stallLimit: Duration
    /// This side sends a heartbeat after so long without sending.
    private let half: UInt64
    /// The peer is dead after so long without a byte.
    private let twice: UInt64
    private(set) var lastReceived: MonotonicTime
    private(set) var lastSent: MonotonicTime

    init(heartbeat: Duration, stallLimit: Duration, now: MonotonicTime) {
        self.heartbeat = heartbeat
        self.stallLimit = stallLimit
        let nanoseconds = heartbeat.clampedNanoseconds
        half = nanoseconds / 2
        let (doubled, overflow) = nanoseconds.multipliedReportingOverflow(by: 2)
        twice = overflow ? .max : doubled
        lastReceived = now
        lastSent = now
    }

    mutating func received(_ now: MonotonicTime) { lastReceived = now }

    mutating func sent(_ now: MonotonicTime) { lastSent = now }

    /// When to `check` next, though nothing comes.
    /// - Parameter stalledSince: since when the socket has taken nothing of what waits for it, nil if nothing waits. A
    ///   broker under an alarm stops reading for as long as that lasts, which is no fault: nil then, too.
    func nextCheck(stalledSince: MonotonicTime?) -> MonotonicTime {
        var next = MonotonicTime.distantFuture
        if half > 0 { next = min(lastSent.advanced(by: half), lastReceived.advanced(by: twice)) }
        if let stalledSince { next = min(next, stalledSince + stallLimit) }
        return next
    }

    /// Throws if the peer is dead.
    /// - Returns: whether a heartbeat is due. Any octet is as good, so one is due after half an interval of silence. It
    ///   counts as sent.
    mutating func check(_ now: MonotonicTime, stalledSince: MonotonicTime?) throws(RabbitMQError) -> Bool {
        if let stalledSince, now >= stalledSince + stallLimit { throw .stalled(for: stallLimit) }
        guard half > 0 else { return false }
        if now >= lastReceived.advanced(by: twice) {
            throw RabbitMQError(
                .connectionClosed, "the broker was silent for two heartbeats of \(heartbeat)", outcome: .unknown)
        }
        guard now >= lastSent.advanced(by: half) else { return false }
        lastSent = now
        return true
    }
}

/// The negotiated heartbeat (AMQP 0-9-1 §4.2.7), with its derived times in nanoseconds: they are looked at every pass.
struct Heartbeat {
    let interval: Duration
    /// Silence of this side after which it sends one.
    let half: UInt64
    /// Silence of the peer after which it is dead.
    let twice: UInt64

    init(interval: Duration) {
        self.interval = interval
        let nanoseconds = interval.clampedNanoseconds
        half = nanoseconds / 2
        twice = nanoseconds.multipliedReportingOverflow(by: 2).overflow ? .max : nanoseconds * 2
    }

    var isEnabled: Bool { half > 0 }
}

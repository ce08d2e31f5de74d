import Mqant

/// How many failed attempts each of many names has had of late: `burst` may follow each other at once, then one in each
/// `interval`.
///
/// It keeps one moment for each name: when all its failures will be forgotten (the generic cell rate algorithm of ATM).
/// A name without failures takes no place. Where the table is full, the name that would be forgotten first goes: a
/// stranger who wants others forgotten has to fail for each of them, which costs the stranger a hash each.
struct FailureTable: Sendable {
    typealias Instant = ContinuousClock.Instant

    private let burst: Int
    private let interval: Duration
    private let capacity: Int
    private var forgotten: [TextKey: Instant] = [:]

    init(burst: Int, interval: Duration, capacity: Int = 65_536) {
        self.burst = max(1, burst)
        self.interval = interval
        self.capacity = max(1, capacity)
    }

    /// How many names have failures.
    var count: Int { forgotten.count }

    /// How long until a name may be tried; nil: now.
    func wait(for name: String, _ now: Instant) -> Duration? {
        guard let forgotten = forgotten[TextKey(name)] else { return nil }
        let free = forgotten - interval * (burst - 1)
        return free > now ? now.duration(to: free) : nil
    }

    /// Counts an attempt as failed.
    mutating func count(_ name: String, _ now: Instant) {
        let key = TextKey(name)
        if forgotten[key] == nil, forgotten.count >= capacity { makeRoom(now) }
        forgotten[key] = max(forgotten[key] ?? now, now) + interval
    }

    /// Takes the count of one attempt back.
    mutating func takeBack(_ name: String, _ now: Instant) {
        let key = TextKey(name)
        guard let former = forgotten[key] else { return }
        forgotten[key] = former - interval > now ? former - interval : nil
    }

    /// Forgets all failures of a name.
    mutating func clear(_ name: String) { forgotten[TextKey(name)] = nil }

    private mutating func makeRoom(_ now: Instant) {
        forgotten = forgotten.filter { $0.value > now }
        guard forgotten.count >= capacity, let first = forgotten.min(by: { $0.value < $1.value }) else { return }
        forgotten[first.key] = nil
    }
}

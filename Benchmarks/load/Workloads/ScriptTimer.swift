/// When a client of a script goes on, or has waited too long.
struct ScriptTimer: Comparable {
    var moment: UInt64
    var client: Int
    /// Which wait of the client this is for: of a wait that is over, the timer means nothing.
    var wait: UInt64

    static func < (one: Self, other: Self) -> Bool {
        (one.moment, one.client, one.wait) < (other.moment, other.client, other.wait)
    }
}

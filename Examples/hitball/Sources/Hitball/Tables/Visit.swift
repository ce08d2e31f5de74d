import Mqant

/// A session's stay at a table. A pure value.
struct Visit: Sendable, Equatable {
    /// Names this stay, and no earlier or later one of the session: the end of an earlier one, told late, ends nothing.
    let ticket: String
    /// Its seat; nil for a spectator.
    var side: Side?

    init(side: Side?) {
        ticket = String(UInt64.random(in: .min ... .max), radix: 36)
        self.side = side
    }
}

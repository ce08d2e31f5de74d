import NIOCore

/// How long one event loop works before it looks at its sockets again.
///
/// A turn has time for what is read in it, and as much again for work that waited, so that neither keeps the other from
/// its turn. A pure value.
struct TurnBudget {
    /// The time of a turn for each of the two.
    static let limit = TimeAmount.milliseconds(10)
    /// What one connection may take of it before the others have had theirs.
    static let share = TimeAmount.milliseconds(2)

    private var spent = TimeAmount.zero
    private var allowed = limit
    private var isLate = false
    /// When the piece of work that goes on began; nil: none does.
    private var began: NIODeadline?

    /// Begins a piece of work, whose time counts until `end`.
    /// - Returns: false if one goes on already; this one is part of it then, and has no `end` of its own.
    mutating func begin(_ now: NIODeadline) -> Bool {
        guard began == nil else { return false }
        began = now
        return true
    }

    mutating func end(_ now: NIODeadline) {
        if let began { spent = spent + (now - began) }
        began = nil
    }

    func isOver(_ now: NIODeadline) -> Bool {
        guard let began else { return spent >= allowed }
        return spent + (now - began) >= allowed
    }

    /// Begins with work that waited.
    /// - Returns: false if this turn has had its time for that.
    mutating func beginLate() -> Bool {
        guard !isLate else { return false }
        isLate = true
        return true
    }

    /// Allows this much from now on, whatever was spent.
    mutating func allow(_ time: TimeAmount) { allowed = spent + time }

    /// The loop looks at its sockets now.
    mutating func turnEnded() {
        guard spent > .zero || isLate else { return }
        self = TurnBudget()
    }
}

import NIOCore

/// The first members and the logins of one Gate that wait for owners of groups. A pure value.
struct WaitingMembers: Sendable {
    /// A session that asks for the user of a group.
    struct Login: Hashable, Sendable {
        var session: SessionID
        var group: GroupName
    }

    private struct Join: Sendable {
        var deadline: NIODeadline
        var completions: [GroupSubscribers.Joined]
    }

    private struct Bind: Sendable {
        var deadline: NIODeadline
        var completion: GroupSubscribers.Bound
    }

    /// How long a first member waits to be there, and a session for its user.
    static var patience: TimeAmount { .seconds(10) }

    private var joins: [GroupName: Join] = [:]
    private var logins: [Login: Bind] = [:]

    var isEmpty: Bool { joins.isEmpty && logins.isEmpty }

    mutating func join(_ group: GroupName, now: NIODeadline, completion: @escaping GroupSubscribers.Joined) {
        joins[group, default: Join(deadline: now + Self.patience, completions: [])].completions.append(completion)
    }

    /// A group's first member is there, or will not be.
    /// - Returns: who waits for that.
    mutating func endJoins(of group: GroupName) -> [GroupSubscribers.Joined] {
        joins.removeValue(forKey: group)?.completions ?? []
    }

    mutating func bind(_ login: Login, now: NIODeadline, completion: @escaping GroupSubscribers.Bound) {
        logins[login] = Bind(deadline: now + Self.patience, completion: completion)
    }

    /// A login is decided; nil: nobody waits for that.
    mutating func end(_ login: Login) -> GroupSubscribers.Bound? { logins.removeValue(forKey: login)?.completion }

    /// What has waited for too long.
    func overdue(_ now: NIODeadline) -> (joins: [GroupName], logins: [Login]) {
        (
            joins.filter { $0.value.deadline <= now }.map(\.key),
            logins.filter { $0.value.deadline <= now }.map(\.key)
        )
    }

    /// All who wait.
    var completions: (joins: [GroupSubscribers.Joined], logins: [GroupSubscribers.Bound]) {
        (joins.values.flatMap(\.completions), logins.values.map(\.completion))
    }
}

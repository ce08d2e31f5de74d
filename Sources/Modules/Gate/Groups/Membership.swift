import Mqant

/// A session's membership of a group.
struct Membership {
    /// The place among the members that its loop has.
    fileprivate(set) var index: Int
    let presence: Presence?
    /// Who was told of it.
    fileprivate(set) var audience: PresenceReporter.Audience
    /// Keeps the Gate subscribed to the group; the end of this membership gives it back.
    let hold: GroupHold
}

/// The groups that one session is in. A value: its session does what follows.
struct Memberships {
    private var entries: [GroupName: Membership] = [:]

    func contains(_ group: GroupName) -> Bool { entries[group] != nil }

    func presence(in group: GroupName) -> Presence? { entries[group]?.presence }

    mutating func add(
        _ hold: GroupHold, at index: Int, presence: Presence? = nil,
        audience: PresenceReporter.Audience = PresenceReporter.Audience()
    ) {
        entries[hold.group] = Membership(index: index, presence: presence, audience: audience, hold: hold)
    }

    /// - Returns: nil if there was none.
    mutating func remove(_ group: GroupName) -> Membership? { entries.removeValue(forKey: group) }

    mutating func removeAll() -> [Membership] {
        defer { entries = [:] }
        return Array(entries.values)
    }

    /// The session has another place among the members of a group.
    mutating func moved(to index: Int, in group: GroupName) { entries[group]?.index = index }

    /// Tells those who must know now of the memberships.
    /// - Parameter all: tells them whether they were told before or not.
    mutating func renew(of session: SessionID, by reporter: PresenceReporter, all: Bool) {
        for (group, membership) in entries {
            guard let presence = membership.presence else { continue }
            let toldBefore = all ? PresenceReporter.Audience() : membership.audience
            entries[group]?.audience = reporter.renew(presence, group, session, toldBefore: toldBefore)
        }
    }
}

import MqantRPC
import NIOCore

/// Who is in which group, as one instance knows it from the Gates' reports. A pure value.
///
/// Memberships live at the Gates; this is a copy that is rebuilt whenever it may be wrong, so losing it loses nothing.
struct RosterState: Sendable {
    /// How long the memberships of a Gate that is proven gone are kept: it may be reconnecting.
    static var goneGrace: TimeAmount { .seconds(2) }
    /// The same while this node itself has just reconnected: then others are reconnecting too.
    static var reconnectGrace: TimeAmount { .seconds(5) }
    /// How long those of an unreachable Gate are kept, from when that is known, which is after 3 s.
    static var silenceGrace: TimeAmount { .seconds(15) }
    /// How long a group is kept after another instance took it over, which that one may give back.
    static var handOverTime: TimeAmount { .seconds(30) }

    /// Something to tell a group's members.
    struct Event: Sendable, Hashable {
        var group: GroupName
        var key: String
        var name: String
    }

    /// What this instance is for a key.
    enum Role: Sendable {
        case owner
        case heir
        case none
    }

    /// What came of looking at the Gates.
    struct Findings: Sendable {
        var ended: [Event] = []
        /// Gates that are back although their memberships were given up.
        var returned: Set<InstanceID> = []
        /// When to look again without being told to; nil: never.
        var next: NIODeadline?
    }

    struct Attendance: Hashable, Sendable {
        var group: GroupName
        var session: SessionID
    }

    struct Absence: Sendable {
        var since: NIODeadline
        var isProven: Bool
    }

    var groups: [GroupName: RosterGroup] = [:]
    /// Gates that are not there, as long as their memberships are kept.
    var absences: [QueueName: Absence] = [:]
    /// Incarnations whose memberships were given up, with their Gates.
    var givenUp: [QueueName: InstanceID] = [:]
    /// Counts the reports of beginnings.
    private(set) var reports: UInt64 = 0
    /// Counts the times that ownership may have moved.
    var epoch: UInt64 = 0
    /// Memberships that ended of late: an older list of a Gate must not bring them back.
    var ended: RecentSet<Attendance>
    /// Memberships that were given up with their Gates: if they are reported again, they are back.
    var presumedEnded: RecentSet<Attendance>

    init(now: NIODeadline) {
        ended = RecentSet(period: .seconds(30), now: now)
        presumedEnded = RecentSet(period: .minutes(10), now: now)
    }

    func members(of group: GroupName) -> [Roster.Member] {
        (groups[group]?.members ?? [:]).map { Roster.Member(session: $0, name: $1.name, gate: $1.gate) }
    }

    /// - Returns: those who are back after their end had been told; empty unless this is the owner.
    mutating func begin(_ report: PresenceReport) -> [Event] {
        var returned: [Event] = []
        reports += 1
        for member in report.members {
            let attendance = Attendance(group: member.group, session: member.session)
            ended.remove(attendance)
            let isReturn = presumedEnded.remove(attendance)
            let wasNamed = hasMember(named: member.name, in: member.group)
            add(member, report.gate, report.incarnation, reports)
            if isReturn, report.isOwner, !wasNamed {
                returned.append(Event(group: member.group, key: member.key, name: member.name))
            }
        }
        return returned
    }

    /// - Returns: whose end is to be told; empty unless this is the owner.
    mutating func end(_ report: PresenceReport, now: NIODeadline) -> [Event] {
        var ends: [Event] = []
        for member in report.members {
            let attendance = Attendance(group: member.group, session: member.session)
            ended.insert(attendance, now: now)
            remove(member.session, from: member.group)
            let isKnown = presumedEnded.remove(attendance)
            if report.isOwner, !isKnown, !hasMember(named: member.name, in: member.group) {
                ends.append(Event(group: member.group, key: member.key, name: member.name))
            }
        }
        return ends
    }

    /// Takes a Gate's whole list of a group's members in.
    ///
    /// - Parameter asked: `reports` when the Gate was asked. Its answer may be older than reports that came meanwhile: those
    ///   count.
    mutating func replace(
        membersOf group: GroupName, at gate: InstanceID, _ incarnation: QueueName, with members: [GroupMember],
        asked: UInt64
    ) {
        let listed = Set(members.map(\.session))
        let known = groups[group]?.members ?? [:]
        for (session, entry) in known
        where entry.gate == gate && entry.report <= asked && !listed.contains(session) {
            remove(session, from: group)
        }
        for member in members
        where (known[member.session]?.report ?? 0) <= asked
            && !ended.contains(Attendance(group: group, session: member.session))
        {
            let named = PresenceReport.Member(
                group: group, key: member.key, session: member.session, name: member.name)
            add(named, gate, incarnation, asked)
        }
    }

    private mutating func add(
        _ member: PresenceReport.Member, _ gate: InstanceID, _ incarnation: QueueName, _ report: UInt64
    ) {
        groups[member.group, default: RosterGroup(key: member.key)].add(
            RosterGroup.Entry(name: member.name, gate: gate, incarnation: incarnation, report: report),
            member.session)
    }

    mutating func remove(_ session: SessionID, from group: GroupName) {
        groups[group]?.remove(session)
        if groups[group]?.members.isEmpty == true { groups[group] = nil }
    }

    func hasMember(named name: String, in group: GroupName) -> Bool {
        groups[group]?.hasMember(named: name) ?? false
    }
}

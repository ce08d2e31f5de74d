import MqantRPC
import NIOCore

extension RosterState {
    /// The incarnations of Gates that matter here.
    var incarnations: Set<QueueName> {
        var result = Set(givenUp.keys)
        for group in groups.values {
            for entry in group.members.values { result.insert(entry.incarnation) }
        }
        return result
    }

    /// Looks at who of the Gates is there, and gives up the memberships of those that are gone for too long.
    ///
    /// - Parameters:
    ///   - reachability: of `incarnations`.
    ///   - reconnected: when this node itself reconnected last; nil: never.
    ///   - role: what this instance is for a key.
    mutating func look(
        _ reachability: [QueueName: Reachability], reconnected: NIODeadline?, now: NIODeadline,
        role: (String) -> Role
    ) -> Findings {
        var findings = Findings()
        var gone: Set<QueueName> = []
        for incarnation in incarnations {
            switch reachability[incarnation] ?? .gone {
            case .reachable:
                absences[incarnation] = nil
                if let gate = givenUp.removeValue(forKey: incarnation) { findings.returned.insert(gate) }
                continue
            case .unreachable where absences[incarnation] == nil:
                absences[incarnation] = Absence(since: now, isProven: false)
            case .unreachable:
                break
            case .gone where absences[incarnation]?.isProven != true:
                absences[incarnation] = Absence(since: now, isProven: true)
                // Nobody comes back from there, but as another incarnation.
                givenUp[incarnation] = nil
            case .gone:
                break
            }
            guard let absence = absences[incarnation] else { continue }
            let end = end(of: absence, reconnected: reconnected)
            if end <= now {
                gone.insert(incarnation)
            } else {
                findings.next = min(findings.next ?? .distantFuture, end)
            }
        }
        if !gone.isEmpty { giveUp(gone, now: now, role: role, into: &findings) }
        let incarnations = incarnations
        absences = absences.filter { incarnations.contains($0.key) }
        handOver(now: now, role: role, into: &findings)
        return findings
    }

    private func end(of absence: Absence, reconnected: NIODeadline?) -> NIODeadline {
        guard absence.isProven else { return absence.since + Self.silenceGrace }
        let end = absence.since + Self.goneGrace
        return reconnected.map { max(end, $0 + Self.reconnectGrace) } ?? end
    }

    private mutating func giveUp(
        _ gone: Set<QueueName>, now: NIODeadline, role: (String) -> Role, into findings: inout Findings
    ) {
        for (name, group) in groups {
            for (session, entry) in group.members where gone.contains(entry.incarnation) {
                if absences[entry.incarnation]?.isProven == false { givenUp[entry.incarnation] = entry.gate }
                remove(session, from: name)
                presumedEnded.insert(Attendance(group: name, session: session), now: now)
                guard role(group.key) == .owner, !hasMember(named: entry.name, in: name) else { continue }
                findings.ended.append(Event(group: name, key: group.key, name: entry.name))
            }
        }
    }

    /// Forgets groups that other instances have had for long.
    private mutating func handOver(now: NIODeadline, role: (String) -> Role, into findings: inout Findings) {
        for (name, group) in groups {
            guard role(group.key) == .none else {
                groups[name]?.foreignSince = nil
                continue
            }
            let since = group.foreignSince ?? now
            let end = since + Self.handOverTime
            if end <= now {
                groups[name] = nil
            } else {
                groups[name]?.foreignSince = since
                findings.next = min(findings.next ?? .distantFuture, end)
            }
        }
    }
}

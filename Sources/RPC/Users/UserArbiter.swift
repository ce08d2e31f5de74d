import NIOCore

/// Decides, as the owner of users' groups, which session has each user. A pure value.
///
/// Gates tell which sessions have a user, and ask for others. A question is decided once every Gate's last word names this
/// instance as the key's owner: then all sessions are known, and nobody else decides. Between sessions that have the user
/// already the larger claim wins: a partition, a move of the key or a reconnect can leave more than one.
struct UserArbiter: Hashable, Sendable {
    /// What is known of a Gate, for one key.
    enum GateStanding: Hashable, Sendable {
        /// Its last word names this instance as the owner.
        case namesOwner
        /// It names another one, or has said nothing yet.
        case namesAnother
        /// It does not answer at present, and nothing is to be expected of it soon that it has not told.
        case isAway
    }

    private struct Question: Hashable, Sendable {
        var policy: LoginPolicy
        /// When it was first looked at.
        var since: NIODeadline?
    }

    private struct Entry: Hashable, Sendable {
        var gate: IncarnationID
        var claim: UserClaim
        /// Nil: the session has the user, as far as this instance knows.
        var question: Question?
        /// The claim of which its Gate has been told that it is larger.
        var toldOf: UserClaim?
    }

    /// How long a question waits for Gates that have to tell what they have, or may come back with a session.
    static var patience: TimeAmount { .seconds(2) }

    private var users: [GroupName: [Entry]] = [:]
    private var groups: [IncarnationID: Set<GroupName>] = [:]
    /// Groups with a question, or with more than one session.
    private var contested: Set<GroupName> = []
    /// Groups of which something is new.
    private var touched: Set<GroupName> = []

    /// Whether something waits for a Gate's word, or for time.
    var isWaiting: Bool { !contested.isEmpty }
    /// Whether there is anything to decide now.
    var hasNews: Bool { !touched.isEmpty }

    // MARK: What Gates tell

    mutating func told(_ binding: UserBinding, by gate: IncarnationID) {
        touched.insert(binding.group)
        groups[gate, default: []].insert(binding.group)
        let question = binding.ask.map { Question(policy: $0) }
        let index = users[binding.group]?.firstIndex { $0.gate == gate && $0.claim.session == binding.session }
        guard let index else {
            users[binding.group, default: []].append(Entry(gate: gate, claim: binding.claim, question: question))
            return
        }
        let known = users[binding.group]?[index].claim ?? binding.claim
        users[binding.group]?[index].claim = max(known, binding.claim)
        users[binding.group]?[index].question = question
        users[binding.group]?[index].toldOf = nil
    }

    mutating func released(_ release: UserRelease, by gate: IncarnationID) {
        remove(from: release.group, gate) { $0.gate == gate && $0.claim.session == release.session }
    }

    /// A Gate has no session of the user any more.
    mutating func unsubscribed(_ group: GroupName, by gate: IncarnationID) {
        guard users[group] != nil else { return }
        remove(from: group, gate) { $0.gate == gate }
    }

    /// A Gate is gone, or begins anew to tell what it has.
    mutating func forget(_ gate: IncarnationID) {
        for group in groups.removeValue(forKey: gate) ?? [] { remove(from: group, gate) { $0.gate == gate } }
    }

    /// Of a Gate only what it has of these groups counts any more.
    mutating func keep(of gate: IncarnationID, where counts: (GroupName) -> Bool) {
        for group in groups[gate] ?? [] where !counts(group) { remove(from: group, gate) { $0.gate == gate } }
    }

    /// Gates take others for owners than before, or went, or came: whatever is open is looked at again.
    mutating func viewsChanged() { touched.formUnion(contested) }

    /// Has Gates told once more of sessions that still stand against a larger claim.
    mutating func repeatVerdicts() {
        for group in contested {
            for index in users[group]?.indices ?? 0..<0 { users[group]?[index].toldOf = nil }
        }
        touched.formUnion(contested)
    }

    private mutating func remove(from group: GroupName, _ gate: IncarnationID, where isOver: (Entry) -> Bool) {
        guard var entries = users[group] else { return }
        entries.removeAll(where: isOver)
        touched.insert(group)
        users[group] = entries.isEmpty ? nil : entries
        if !entries.contains(where: { $0.gate == gate }) { groups[gate]?.remove(group) }
        if groups[gate]?.isEmpty == true { groups[gate] = nil }
    }

    // MARK: What follows

    /// Decides what can be decided by now.
    /// - Parameters:
    ///   - gates: all Gates that are not proven gone.
    ///   - standing: what is known of each of them for a group's key.
    mutating func decide(
        _ now: NIODeadline, gates: [IncarnationID], standing: (IncarnationID, GroupName) -> GateStanding
    ) -> [(gate: IncarnationID, verdict: UserVerdict)] {
        var verdicts: [(gate: IncarnationID, verdict: UserVerdict)] = []
        // In a defined order: what follows must not depend on hashes.
        let groups = touched.count > 1 ? touched.sorted() : Array(touched)
        touched = []
        for group in groups {
            guard var entries = users[group] else {
                contested.remove(group)
                continue
            }
            // An heir's common case: one session, and nothing to decide.
            if entries.count == 1, entries[0].question == nil {
                contested.remove(group)
                continue
            }
            let standings = Dictionary(uniqueKeysWithValues: gates.map { ($0, standing($0, group)) })
            verdicts += Self.answerQuestions(of: group, &entries, standings, now)
            verdicts += Self.settleConflicts(of: group, &entries, standings)
            users[group] = entries.isEmpty ? nil : entries
            let isOpen = entries.count > 1 || entries.contains { $0.question != nil }
            if isOpen { contested.insert(group) } else { contested.remove(group) }
        }
        return verdicts
    }

    private static func answerQuestions(
        of group: GroupName, _ entries: inout [Entry], _ standings: [IncarnationID: GateStanding], _ now: NIODeadline
    ) -> [(gate: IncarnationID, verdict: UserVerdict)] {
        let isSettled = standings.values.allSatisfy { $0 == .namesOwner || $0 == .isAway }
        var verdicts: [(gate: IncarnationID, verdict: UserVerdict)] = []
        var index = 0
        while index < entries.count {
            defer { index += 1 }
            let entry = entries[index]
            guard let question = entry.question, standings[entry.gate] == .namesOwner else { continue }
            let since = question.since ?? now
            entries[index].question?.since = since
            let isOverdue = now - since >= patience
            // Those behind it are not decided before it.
            guard isSettled || isOverdue else { break }
            let others = entries.filter { $0.question == nil && $0.claim.session != entry.claim.session }
            if question.policy == .refuse, !others.isEmpty {
                let mayAllBeGone = others.allSatisfy { standings[$0.gate] == .isAway || standings[$0.gate] == nil }
                if mayAllBeGone, !isOverdue { break }
                guard mayAllBeGone else {
                    verdicts.append((entry.gate, UserVerdict(.refused, of: entry.claim.session, in: group)))
                    entries.remove(at: index)
                    index -= 1
                    continue
                }
            }
            let largest = others.map(\.claim.counter).max() ?? 0
            // Another node's message may hold any number.
            let above = others.isEmpty ? 0 : largest == .max ? largest : largest + 1
            entries[index].claim.counter = max(entry.claim.counter, above)
            entries[index].question = nil
            let accepted = UserVerdict(.accepted(entries[index].claim), of: entry.claim.session, in: group)
            verdicts.append((entry.gate, accepted))
        }
        return verdicts
    }

    private static func settleConflicts(
        of group: GroupName, _ entries: inout [Entry], _ standings: [IncarnationID: GateStanding]
    ) -> [(gate: IncarnationID, verdict: UserVerdict)] {
        guard entries.count > 1 else { return [] }
        let held = entries.indices.filter { index in
            entries[index].question == nil && standings[entries[index].gate] == .namesOwner
        }
        guard held.count > 1, let winner = held.map({ entries[$0].claim }).max() else { return [] }
        var verdicts: [(gate: IncarnationID, verdict: UserVerdict)] = []
        for index in held where entries[index].claim != winner && entries[index].toldOf != winner {
            entries[index].toldOf = winner
            let session = entries[index].claim.session
            verdicts.append((entries[index].gate, UserVerdict(.superseded(by: winner), of: session, in: group)))
        }
        return verdicts
    }
}

/// The sessions of one Gate that have their users, or ask for them. A pure value.
///
/// A session asks one owner at a time: only that one's verdict counts, and only if it answers the last question. So a verdict
/// that was overtaken, because the key moved or a connection broke, changes nothing.
struct UserBindings: Hashable, Sendable {
    struct Question: Hashable, Sendable {
        var owner: IncarnationID
        /// The number of the message that asks.
        var number: UInt64
    }

    private enum Standing: Hashable, Sendable {
        /// Nobody has decided. Nil: there is nobody who could be asked.
        case asking(Question?)
        /// The owner has decided that the session has the user; others need not know yet.
        case accepted
        /// The session has the user.
        case bound
    }

    private struct Binding: Hashable, Sendable {
        var counter: UInt64
        var policy: LoginPolicy
        var standing = Standing.asking(nil)
    }

    /// What follows from a verdict.
    enum Consequence: Hashable, Sendable {
        case nothing
        /// The session was accepted. `isRaised`: with another claim than was told.
        case accepted(isRaised: Bool)
        case refused
        case superseded
    }

    private var bindings: [GroupName: [SessionID: Binding]] = [:]

    /// Whether sessions of this Gate have the user of the group, or ask for it.
    func includes(_ group: GroupName) -> Bool { bindings[group] != nil }

    /// A session asks for a user.
    mutating func add(_ claim: UserClaim, to group: GroupName, policy: LoginPolicy) {
        bindings[group, default: [:]][claim.session] = Binding(counter: claim.counter, policy: policy)
    }

    /// A session has the user no more, or asks no more.
    /// - Returns: false if it did not.
    mutating func remove(_ session: SessionID, from group: GroupName) -> Bool {
        guard bindings[group]?.removeValue(forKey: session) != nil else { return false }
        if bindings[group]?.isEmpty == true { bindings[group] = nil }
        return true
    }

    /// What an instance is to be told of a group: all of it where it knows nothing, else the questions that it has not been
    /// asked.
    /// - Parameter isOwner: whether it decides.
    func news(
        of group: GroupName, for receiver: IncarnationID, isOwner: Bool, knowsNothing: Bool
    ) -> [UserBinding] {
        var news: [UserBinding] = []
        for (session, binding) in bindings[group] ?? [:] {
            let claim = UserClaim(session: session, counter: binding.counter)
            if isOwner, case .asking(let question) = binding.standing {
                guard knowsNothing || question?.owner != receiver else { continue }
                news.append(UserBinding(claim, of: group, ask: binding.policy))
            } else if knowsNothing {
                news.append(UserBinding(claim, of: group))
            }
        }
        return news.sorted { $0.claim < $1.claim }
    }

    /// Whether an instance has to be asked again because it is the owner now.
    func isAsking(in group: GroupName) -> Bool {
        bindings[group]?.values.contains { if case .asking = $0.standing { true } else { false } } ?? false
    }

    /// Notes that these were sent.
    mutating func sent(_ news: [UserBinding], to receiver: IncarnationID, number: UInt64) {
        for binding in news where binding.ask != nil {
            bindings[binding.group]?[binding.session]?.standing = .asking(Question(owner: receiver, number: number))
        }
    }

    /// There is no owner who could decide: each has what it asks for.
    mutating func acceptAll(in group: GroupName) {
        for (session, binding) in bindings[group] ?? [:] {
            if case .asking = binding.standing { bindings[group]?[session]?.standing = .accepted }
        }
    }

    /// Takes an owner's verdict in.
    /// - Parameter number: that of this Gate's last message which the owner had taken in when it decided.
    /// - Parameter isOwner: whether this Gate takes the sender for the key's owner now. Of a former owner a session that was
    ///   accepted hears nothing: another one decides by now, and their counters say nothing of each other.
    mutating func receive(
        _ verdict: UserVerdict, from owner: IncarnationID, isOwner: Bool, number: UInt64
    ) -> Consequence {
        guard let binding = bindings[verdict.group]?[verdict.session] else { return .nothing }
        guard case .asking(let question) = binding.standing else {
            guard isOwner, case .superseded(let winner) = verdict.kind,
                winner > UserClaim(session: verdict.session, counter: binding.counter)
            else { return .nothing }
            _ = remove(verdict.session, from: verdict.group)
            return .superseded
        }
        guard let question, question.owner == owner, number >= question.number else { return .nothing }
        switch verdict.kind {
        case .accepted(let claim):
            bindings[verdict.group]?[verdict.session]?.counter = claim.counter
            bindings[verdict.group]?[verdict.session]?.standing = .accepted
            return .accepted(isRaised: claim.counter != binding.counter)
        case .refused:
            _ = remove(verdict.session, from: verdict.group)
            return .refused
        case .superseded: return .nothing
        }
    }

    /// The claim of a session that was accepted.
    func claim(of session: SessionID, in group: GroupName) -> UserClaim? {
        bindings[group]?[session].map { UserClaim(session: session, counter: $0.counter) }
    }

    /// All who are to know of the group's accepted sessions do.
    /// - Returns: those that have the user since it was asked last.
    mutating func takeBound(in group: GroupName) -> [SessionID] {
        var bound: [SessionID] = []
        for (session, binding) in bindings[group] ?? [:] where binding.standing == .accepted {
            bindings[group]?[session]?.standing = .bound
            bound.append(session)
        }
        return bound
    }
}

/// A session's claim to be the one of its user. Where two sessions are left, after a partition say, the larger claim stays.
struct UserClaim: Hashable, Sendable, Codable, Comparable {
    var session: SessionID
    /// Grows with the logins of a user: the milliseconds since 1970 by the Gate's clock, or more. The owner raises it above all
    /// that it knows of the user.
    var counter: UInt64

    static func < (left: Self, right: Self) -> Bool {
        guard left.counter == right.counter else { return left.counter < right.counter }
        return left.session != right.session && left.session.description < right.session.description
    }
}

/// What a Gate tells an owner of one session: it has the user, or asks for it.
struct UserBinding: Hashable, Sendable, Codable {
    var group: GroupName
    var session: SessionID
    var counter: UInt64
    /// Set in a question, which the receiver decides: what the Gate does about other sessions. Nil: the receiver only has to
    /// know of the session.
    var ask: LoginPolicy?

    init(_ claim: UserClaim, of group: GroupName, ask: LoginPolicy? = nil) {
        (self.group, session, counter, self.ask) = (group, claim.session, claim.counter, ask)
    }

    var claim: UserClaim { UserClaim(session: session, counter: counter) }
}

/// A session that is its user's no more.
struct UserRelease: Hashable, Sendable, Codable {
    var group: GroupName
    var session: SessionID
}

/// What an owner has decided of one session.
struct UserVerdict: Hashable, Sendable, Codable {
    enum Kind: Hashable, Sendable {
        /// The session is the user's, with this claim.
        case accepted(UserClaim)
        /// Another session of the user stays.
        case refused
        /// A session with a larger claim has the user.
        case superseded(by: UserClaim)
    }

    private enum CodingKeys: String, CodingKey {
        case group, session, verdict, counter, by
    }

    private enum Word: String, Codable {
        case accepted, refused, superseded
    }

    var group: GroupName
    var session: SessionID
    var kind: Kind

    init(_ kind: Kind, of session: SessionID, in group: GroupName) {
        (self.group, self.session, self.kind) = (group, session, kind)
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        group = try container.decode(GroupName.self, forKey: .group)
        session = try container.decode(SessionID.self, forKey: .session)
        switch try container.decode(Word.self, forKey: .verdict) {
        case .accepted:
            let counter = try container.decode(UInt64.self, forKey: .counter)
            kind = .accepted(UserClaim(session: session, counter: counter))
        case .refused: kind = .refused
        case .superseded:
            let winner = try container.decode(SessionID.self, forKey: .by)
            kind = .superseded(
                by: UserClaim(session: winner, counter: try container.decode(UInt64.self, forKey: .counter)))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(group, forKey: .group)
        try container.encode(session, forKey: .session)
        switch kind {
        case .accepted(let claim):
            try container.encode(Word.accepted, forKey: .verdict)
            try container.encode(claim.counter, forKey: .counter)
        case .refused: try container.encode(Word.refused, forKey: .verdict)
        case .superseded(let winner):
            try container.encode(Word.superseded, forKey: .verdict)
            try container.encode(winner.counter, forKey: .counter)
            try container.encode(winner.session, forKey: .by)
        }
    }
}

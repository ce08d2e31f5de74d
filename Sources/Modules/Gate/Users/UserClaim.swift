import Mqant

/// A session's claim to be the one of its user. Of all claims to a user the largest wins, at every Gate.
struct UserClaim: Codable, Hashable, Sendable, Comparable {
    /// Tie-breaks stay below 2⁵³, which JSON numbers carry in every language.
    private static let tieBreaks: Range<UInt64> = 0..<(1 << 53)

    var counter: UInt64
    /// Random: decides between claims that were made at the same time.
    var tieBreak: UInt64
    var session: SessionID

    /// A claim above another one; the lowest if there is none.
    init(of session: SessionID, above other: UInt64 = 0, using generator: inout some RandomNumberGenerator) {
        self.session = session
        // Another node's message may hold any number.
        counter = other == .max ? other : other + 1
        tieBreak = UInt64.random(in: Self.tieBreaks, using: &generator)
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.counter, left.tieBreak, left.session.description)
            < (right.counter, right.tieBreak, right.session.description)
    }
}

/// What Gates tell each other of a user, as a push to the user's group.
struct ClaimMessage: Codable, Hashable, Sendable {
    /// The topic that tells these pushes from those to clients; MQTT keeps topics with `$` for servers (3.1.1 §4.7.2).
    static let topic = "$claim"

    enum Kind: String, Codable, Sendable {
        /// A session wants to be the user's.
        case claim
        /// One is already, and was not defeated by the claim that this answers.
        case held
        /// One is, but its Gate was cut off, and may have missed claims.
        case again
    }

    var kind: Kind
    var claim: UserClaim
}

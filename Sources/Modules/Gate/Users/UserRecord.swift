import Mqant

/// What a Gate knows of one user who has a session there: the rules by which exactly one session survives. A pure value.
///
/// Every Gate subscribes to the user's group before it publishes a claim. So of two sessions at different Gates at least the one
/// that published last is heard by the other: those that hear each other compare, and one that is not heard is older,
/// and answers.
///
/// `kick`: an older session answers with what it holds (`held`), the newer one then claims above that, and the older one
/// ends. `refuse`: an older session raises its own claim above every newcomer's, and the newcomer ends.
struct UserRecord: Hashable, Sendable {
    /// What is to be done.
    enum Action: Hashable, Sendable {
        case nothing
        case publish(ClaimMessage)
        /// The session is not the user's any more.
        case end
    }

    let policy: DuplicateLogin
    private(set) var mine: UserClaim
    /// Sessions whose claims arrived here: they were made while this one was here, so they are no older.
    private var heard: Set<SessionID> = []

    /// A session that claims its user here.
    /// - Parameter defeated: the record of the session that had the user at this Gate till now.
    init(
        of session: SessionID, _ policy: DuplicateLogin, after defeated: UserRecord? = nil,
        using generator: inout some RandomNumberGenerator
    ) {
        self.policy = policy
        mine = UserClaim(of: session, above: defeated?.mine.counter ?? 0, using: &generator)
    }

    var claim: ClaimMessage { ClaimMessage(kind: .claim, claim: mine) }
    /// To be published when the Gate has reconnected.
    var claimAgain: ClaimMessage { ClaimMessage(kind: .again, claim: mine) }

    mutating func receive(_ message: ClaimMessage, using generator: inout some RandomNumberGenerator) -> Action {
        let other = message.claim
        guard other.session != mine.session else { return .nothing }
        switch policy {
        case .allow: return .nothing
        case .kick: return receiveKicking(message, using: &generator)
        case .refuse:
            guard message.kind == .held else {
                raise(above: other, using: &generator)
                return .publish(ClaimMessage(kind: .held, claim: mine))
            }
            return other > mine ? .end : .nothing
        }
    }

    private mutating func receiveKicking(
        _ message: ClaimMessage, using generator: inout some RandomNumberGenerator
    ) -> Action {
        let other = message.claim
        switch message.kind {
        case .claim:
            heard.insert(other.session)
            return other > mine ? .end : .publish(ClaimMessage(kind: .held, claim: mine))
        case .held:
            guard other > mine else { return .nothing }
            guard !heard.contains(other.session) else { return .end }
        case .again:
            break
        }
        // The other is older than this session's claim, or was away: this one is the newer.
        raise(above: other, using: &generator)
        return .publish(claim)
    }

    private mutating func raise(above other: UserClaim, using generator: inout some RandomNumberGenerator) {
        mine = UserClaim(of: mine.session, above: max(other.counter, mine.counter), using: &generator)
    }
}

/// What becomes of a user's session when the user logs in again: a Gate's `DuplicateLogin`.
enum DuplicateLogin: String, CaseIterable, Sendable {
    /// The older session is told by a push `Gate/OnKick`, and closed.
    case kick
    /// The newer login fails.
    case refuse
    /// Both stay.
    case allow
}

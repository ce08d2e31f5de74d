import Mqant
import NIOCore
import Synchronization

/// The users who have a session at this Gate, and what other Gates say of them.
final class UserDirectory: Sendable {
    /// What a newcomer awaits where older sessions may refuse it: true if it may stay.
    typealias Verdict = @Sendable (_ mayStay: Bool) -> Void

    private struct Entry {
        var record: UserRecord
        let connection: ClientConnection
        /// Set while the session is not the user's yet.
        var verdict: Verdict?
    }

    /// By the bytes of the users' ids.
    private let entries = Mutex<[TextKey: Entry]>([:])
    private let policy: DuplicateLogin
    private let publish: @Sendable (_ userID: String, ClaimMessage) -> Void

    /// - Parameter publish: sends a message to all Gates where the user has a session.
    init(policy: DuplicateLogin, publish: @escaping @Sendable (_ userID: String, ClaimMessage) -> Void) {
        self.policy = policy
        self.publish = publish
    }

    /// In a box: the generator itself has no size, and so no address. Thread Sanitizer reads from the address of what a
    /// generic function is handed.
    private static var random: any RandomNumberGenerator { SystemRandomNumberGenerator() }

    /// Claims a user for a session, having subscribed to the user's group.
    ///
    /// - Parameter verdict: called once, on any thread, unless the claim is refused at once; nil: nothing is awaited.
    /// - Throws: `RPCError` if another session at this Gate has the user, and keeps it.
    func claim(
        _ userID: String, for session: SessionID, on connection: ClientConnection, verdict: Verdict?
    ) throws(RPCError) {
        let (older, message): (ClientConnection?, ClaimMessage) = try entries.withLock { (entries) throws(RPCError) in
            let older = entries[TextKey(userID)]
            if older != nil, policy == .refuse { throw .duplicateLogin(userID) }
            var random = Self.random
            let record = UserRecord(of: session, policy, after: older?.record, using: &random)
            entries[TextKey(userID)] = Entry(record: record, connection: connection, verdict: verdict)
            return (older?.connection, record.claim)
        }
        older?.kick()
        publish(userID, message)
    }

    /// True if another session at this Gate has the user.
    func isTaken(_ userID: String, by other: ClientConnection) -> Bool {
        entries.withLock { $0[TextKey(userID)].map { $0.connection !== other } ?? false }
    }

    /// Lets a newcomer stay for which nobody gave a verdict.
    func settle(_ userID: String, _ connection: ClientConnection) {
        let verdict = entries.withLock { entries -> Verdict? in
            guard entries[TextKey(userID)]?.connection === connection else { return nil }
            defer { entries[TextKey(userID)]?.verdict = nil }
            return entries[TextKey(userID)]?.verdict
        }
        verdict?(true)
    }

    /// Forgets a session; a newer one of the same user stays.
    func release(_ userID: String, _ connection: ClientConnection) {
        let verdict = entries.withLock { entries -> Verdict? in
            guard entries[TextKey(userID)]?.connection === connection else { return nil }
            return entries.removeValue(forKey: TextKey(userID))?.verdict
        }
        verdict?(false)
    }

    /// Takes in what a Gate, maybe this one, says of a user.
    func receive(_ message: ClaimMessage, of userID: String) {
        let (action, loser) = entries.withLock { entries -> (UserRecord.Action, Entry?) in
            guard entries[TextKey(userID)] != nil else { return (.nothing, nil) }
            var random = Self.random
            let action = entries[TextKey(userID)]?.record.receive(message, using: &random) ?? .nothing
            return (action, action == .end ? entries.removeValue(forKey: TextKey(userID)) : nil)
        }
        if case .publish(let answer) = action { publish(userID, answer) }
        guard let loser else { return }
        if let verdict = loser.verdict { verdict(false) } else { loser.connection.kick() }
    }

    /// Tells all other Gates what is held here: claims may have been missed.
    func claimAgain() {
        let claims = entries.withLock { $0.mapValues(\.record.claimAgain) }
        for (userID, claim) in claims { publish(userID.rawValue, claim) }
    }
}

extension RPCError {
    static func duplicateLogin(_ userID: String) -> RPCError {
        RPCError(.remote, "\(userID) is logged in elsewhere")
    }
}

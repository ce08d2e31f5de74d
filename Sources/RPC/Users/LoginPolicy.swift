/// What becomes of a user's sessions when the user logs in again.
package enum LoginPolicy: String, Sendable, Codable {
    /// The older session ends.
    case kick
    /// The newer login fails.
    case refuse
}

/// What a login came to.
package enum BindOutcome: Sendable, Hashable {
    /// The session is the user's.
    case bound
    /// Another session of the user stays, and this one is not the user's.
    case refused
}

import Mqant

/// What becomes of a user's session when the user logs in again: a Gate's `DuplicateLogin`.
enum DuplicateLogin: String, CaseIterable, Sendable {
    /// The older session is told by a push `Gate/OnKick`, and closed.
    case kick
    /// The newer login fails.
    case refuse
    /// Both stay.
    case allow

    /// What the owner of a user is asked to do; nil: nobody is asked.
    var policy: LoginPolicy? {
        switch self {
        case .kick: .kick
        case .refuse: .refuse
        case .allow: nil
        }
    }
}

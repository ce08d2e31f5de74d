/// An account as it is stored.
package struct Account: Sendable, Hashable {
    /// The user's name, composed.
    package let name: String
    /// A `PasswordHash` as text.
    package let hash: String
    /// Whether nobody may log in as this user.
    package let isDisabled: Bool
    /// When it was made, in seconds since 1970.
    package let created: Int64
    /// When its password or state last changed, in seconds since 1970.
    package let changed: Int64
}

/// Why a login or a registration was refused, as its client is told.
package struct LoginRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// No such user, a disabled one, or another password: one answer for all three.
    package static let wrong = LoginRefusal("wrong user name or password")
    /// More logins than there are threads and places for.
    package static let busy = LoginRefusal("too many logins, try again")
    /// The file of accounts does not do what it should; the log has more.
    package static let unavailable = LoginRefusal("accounts are not available, try again later")
    /// A registration of a name that has an account.
    package static let taken = LoginRefusal("this user name is taken")
    /// As many accounts are there as are allowed.
    package static let full = LoginRefusal("no more accounts can be made")

    /// Too many attempts failed.
    package static func slowedDown(_ wait: Duration) -> LoginRefusal {
        let (seconds, attoseconds) = wait.components
        let whole = max(1, seconds + (attoseconds > 0 ? 1 : 0))
        return LoginRefusal("too many failed logins, try again in \(whole) s")
    }

    package let description: String

    private init(_ description: String) { self.description = description }
}

import Mqant

/// The payload of `Login/Handler_Login`, and of `Login/Handler_Register`.
struct LoginRequest: Codable, Sendable {
    var userName: String?
    var passWord: String?

    /// The name and the password, which may be anything; the name is one that a user may have.
    /// - Throws: `HandlerError` that says what is missing or wrong.
    func checked() throws(HandlerError) -> (name: UserName, password: String) {
        guard let userName, !userName.isEmpty, let passWord else {
            throw HandlerError("userName or passWord cannot be nil")
        }
        do throws(UserName.Fault) {
            return (try UserName(userName), passWord)
        } catch {
            throw HandlerError("userName \(error)")
        }
    }
}

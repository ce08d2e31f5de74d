import Mqant

/// What is wrong with a file of accounts, or with what was to be done in it, in one line.
package struct AccountError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds that callers tell apart.
    package enum Code: Sendable {
        /// The name is an account's already.
        case taken
        /// No account has the name.
        case unknown
        /// As many accounts as are allowed are there.
        case tooMany
        /// The file cannot be used: not at all, or not now.
        case unusable
    }

    package let code: Code
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// A file that cannot be used: `accounts.sqlite: the disk is full`.
    static func unusable(_ path: String, _ message: String) -> AccountError {
        AccountError(.unusable, TerminalText.line("\(path): \(message)"))
    }

    package var description: String { message }
}

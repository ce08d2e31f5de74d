#if Accounts
    import ArgumentParser
    import MqantAccounts
    import MqantServer

    /// `mqantserver account add USER`.
    struct AccountAdd: OneAccountCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Make an account; makes the file, too, if it is not there.")
        static let makesFile = true

        @OptionGroup var user: AccountUser
        @OptionGroup var file: AccountFile

        func run(_ name: UserName, in store: AccountStore) throws -> String {
            // Before a person types a password twice.
            guard try store.account(name) == nil else {
                throw AccountCommandError("there is an account \(name) already")
            }
            try store.add(name, PasswordHash(of: NewPassword.read(for: name), cost: .standard))
            return "added"
        }
    }

    /// `mqantserver account password USER`.
    struct AccountPassword: OneAccountCommand {
        static let configuration = CommandConfiguration(
            commandName: "password", abstract: "Give an account another password.")

        @OptionGroup var user: AccountUser
        @OptionGroup var file: AccountFile

        func run(_ name: UserName, in store: AccountStore) throws -> String {
            guard try store.account(name) != nil else { throw AccountCommandError("there is no account \(name)") }
            try store.setHash(name, PasswordHash(of: NewPassword.read(for: name), cost: .standard))
            return "has another password"
        }
    }
#endif

#if Accounts
    import ArgumentParser
    import MqantAccounts
    import MqantServer

    /// `mqantserver account add USER`.
    struct AccountAdd: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Make an account; makes the file, too, if it is not there.")

        @OptionGroup var user: AccountUser
        @OptionGroup var file: AccountFile

        func run() throws {
            try AccountCommandError.telling {
                let name = try user.name
                let store = try file.open(for: .makingCommand)
                defer { store.close() }
                // Before a person types a password twice.
                guard try store.account(name) == nil else {
                    throw AccountCommandError("there is an account \(name) already")
                }
                try store.add(name, PasswordHash(of: NewPassword.read(for: name), cost: .standard))
                try StandardStreams.print("account \(name) added")
            }
        }
    }

    /// `mqantserver account password USER`.
    struct AccountPassword: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "password", abstract: "Give an account another password.")

        @OptionGroup var user: AccountUser
        @OptionGroup var file: AccountFile

        func run() throws {
            try AccountCommandError.telling {
                let name = try user.name
                let store = try file.open()
                defer { store.close() }
                guard try store.account(name) != nil else { throw AccountCommandError("there is no account \(name)") }
                try store.setHash(name, PasswordHash(of: NewPassword.read(for: name), cost: .standard))
                try StandardStreams.print("account \(name) has another password")
            }
        }
    }
#endif

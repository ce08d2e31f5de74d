#if Accounts
    import ArgumentParser
    import MqantAccounts
    import MqantServer

    /// `mqantserver account disable USER`.
    struct AccountDisable: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "disable", abstract: "Have nobody log in as a user; the account stays.")

        @OptionGroup var user: AccountUser
        @OptionGroup var file: AccountFile

        func run() throws {
            try AccountCommandError.telling {
                let name = try user.name
                let store = try file.open()
                defer { store.close() }
                try store.setDisabled(name, true)
                try StandardStreams.print("account \(name) disabled")
            }
        }
    }

    /// `mqantserver account enable USER`.
    struct AccountEnable: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "enable", abstract: "Let a user who was disabled log in again.")

        @OptionGroup var user: AccountUser
        @OptionGroup var file: AccountFile

        func run() throws {
            try AccountCommandError.telling {
                let name = try user.name
                let store = try file.open()
                defer { store.close() }
                try store.setDisabled(name, false)
                try StandardStreams.print("account \(name) enabled")
            }
        }
    }

    /// `mqantserver account remove USER`.
    struct AccountRemove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove an account for good; its name is free then.")

        @OptionGroup var user: AccountUser
        @OptionGroup var file: AccountFile

        func run() throws {
            try AccountCommandError.telling {
                let name = try user.name
                let store = try file.open()
                defer { store.close() }
                try store.remove(name)
                try StandardStreams.print("account \(name) removed")
            }
        }
    }
#endif

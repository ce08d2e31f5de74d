#if Accounts
    import ArgumentParser
    import MqantAccounts
    import MqantServer

    /// `mqantserver account disable USER`.
    struct AccountDisable: OneAccountCommand {
        static let configuration = CommandConfiguration(
            commandName: "disable", abstract: "Have nobody log in as a user; the account stays.")

        @OptionGroup var user: AccountUser
        @OptionGroup var file: AccountFile

        func run(_ name: UserName, in store: AccountStore) throws -> String {
            try store.setDisabled(name, true)
            return "disabled"
        }
    }

    /// `mqantserver account enable USER`.
    struct AccountEnable: OneAccountCommand {
        static let configuration = CommandConfiguration(
            commandName: "enable", abstract: "Let a user who was disabled log in again.")

        @OptionGroup var user: AccountUser
        @OptionGroup var file: AccountFile

        func run(_ name: UserName, in store: AccountStore) throws -> String {
            try store.setDisabled(name, false)
            return "enabled"
        }
    }

    /// `mqantserver account remove USER`.
    struct AccountRemove: OneAccountCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove an account for good; its name is free then.")

        @OptionGroup var user: AccountUser
        @OptionGroup var file: AccountFile

        func run(_ name: UserName, in store: AccountStore) throws -> String {
            try store.remove(name)
            return "removed"
        }
    }
#endif

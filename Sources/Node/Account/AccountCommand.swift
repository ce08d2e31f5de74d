#if Accounts
    import ArgumentParser

    /// `mqantserver account …`: who may log in, where Login has a file of accounts.
    struct AccountCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "account",
            abstract: "Say who may log in: the accounts of Login.",
            discussion: """
                Works while a server uses the file, which takes notice at the next login. Sessions that are there go on. \
                A password is asked for at a terminal, else it is the first line of standard input.
                """,
            subcommands: [
                AccountAdd.self, AccountPassword.self, AccountDisable.self, AccountEnable.self, AccountRemove.self,
                AccountList.self,
            ])
    }
#endif

#if Accounts
    import ArgumentParser
    import MqantAccounts
    import MqantServer

    /// A subcommand of `mqantserver account` that is about one account. It says in a line what it did.
    protocol OneAccountCommand: ParsableCommand {
        var user: AccountUser { get }
        var file: AccountFile { get }
        /// Whether it makes the file if there is none.
        static var makesFile: Bool { get }

        /// - Returns: what it did, to follow "account NAME".
        func run(_ name: UserName, in store: AccountStore) throws -> String
    }

    extension OneAccountCommand {
        static var makesFile: Bool { false }

        func run() throws {
            try AccountCommandError.telling {
                let name = try user.name
                let store = try file.open(for: Self.makesFile ? .makingCommand : .command)
                defer { store.close() }
                let done = try run(name, in: store)
                try StandardStreams.print("account \(name) \(done)")
            }
        }
    }
#endif

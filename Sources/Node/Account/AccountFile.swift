#if Accounts
    import ArgumentParser
    import MqantAccounts
    import MqantLogin
    import MqantServer

    /// Which file of accounts a command is about.
    struct AccountFile: ParsableArguments {
        @Option(help: "The file of accounts; by default the one that Login has in the configuration.")
        var file: String?

        @Option(help: "The configuration.")
        var conf = "conf/server.conf"

        /// Opens the file.
        func open(for user: AccountStore.User = .command) throws -> AccountStore {
            try AccountStore(path, for: user)
        }

        private var path: String {
            get throws {
                if let file { return file }
                let entries = try ServerConfiguration.load(path: conf).modules.filter {
                    $0.type == Login.type.rawValue
                }
                let files = try entries.compactMap { entry in
                    try entry.settings.read { LoginSettings(reading: &$0) }.accounts?.file
                }
                guard let first = files.first else {
                    throw AccountCommandError(
                        "no Login of \(TerminalText.line(conf)) has Accounts; name the file: --file FILE")
                }
                guard files.allSatisfy({ $0 == first }) else {
                    let names = files.map(TerminalText.line).joined(separator: ", ")
                    throw AccountCommandError(
                        "Logins of \(TerminalText.line(conf)) have several files; name one: \(names)")
                }
                return first
            }
        }
    }

    /// The user whom a command is about.
    struct AccountUser: ParsableArguments {
        @Argument(help: "The user's name.")
        var user: String

        var name: UserName {
            get throws {
                do throws(UserName.Fault) { return try UserName(user) } catch {
                    throw AccountCommandError("the user name \(error)")
                }
            }
        }
    }
#endif

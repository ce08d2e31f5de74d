#if Accounts
    import GRDB
    import Synchronization

    /// A file of accounts: an SQLite database with one table.
    ///
    /// Everything here holds its thread: until the disk has it, and until another process has done what it is at in the
    /// file.
    ///
    /// The file has a rollback journal, not a write-ahead log: what is read is one row and what is written is rare, the
    /// file can be copied by itself when nobody writes, and nothing is mapped into memory, where a file that somebody
    /// cuts off ends the process.
    package final class AccountStore: Sendable {
        /// Who opens the file.
        package enum User: Sendable {
            /// A server: the only one at a time, as long as the store lives.
            case server
            /// A command, beside a server perhaps.
            case command
            /// A command that makes the file if it is not there.
            case makingCommand
        }

        /// The file, without symbolic links.
        package let path: String
        private let opened: Mutex<Opened?>

        /// What is there until the end.
        private struct Opened: Sendable {
            var database: DatabaseQueue
            var lock: ServerLock?
        }

        /// Opens a file, makes it if it is not there, and brings its tables up to date.
        ///
        /// - Throws: `AccountError` that says what is wrong with it.
        package init(_ path: String, for user: User) throws(AccountError) {
            let place = try FilePlace(path)
            self.path = place.path
            guard place.exists || user != .command else {
                throw .unusable(path, "there is no such file; the first account that is added makes it")
            }
            let lock = try user == .server ? ServerLock(beside: place.path) : nil
            try place.secure()
            let database = try Self.describing(place.path) {
                try DatabaseQueue(path: place.path, configuration: Self.configuration)
            }
            opened = Mutex(Opened(database: database, lock: lock))
            try prepare(for: user, isLocked: lock != nil)
        }

        /// Closes the file once nobody uses it, and lets another server have it. What is asked for later fails.
        package func close() { opened.withLock { $0 = nil } }

        /// Does something in the database, and says in an operator's words what SQLite has against it.
        ///
        /// GRDB's own `close` would have a later query end the process: the connection closes with its last user.
        func using<Result>(_ body: (DatabaseQueue) throws -> Result) throws(AccountError) -> Result {
            guard let database = opened.withLock({ $0?.database }) else { throw .unusable(path, "the file is closed") }
            return try Self.describing(path) { try body(database) }
        }

        private static var configuration: Configuration {
            var configuration = Configuration()
            configuration.label = "accounts"
            // Others hold it for the moment of a command.
            configuration.busyMode = .timeout(3)
            configuration.prepareDatabase { database in
                // An answer that says "registered" is true after a loss of power too.
                try database.execute(sql: "PRAGMA synchronous = EXTRA")
            }
            return configuration
        }

        private func prepare(for user: User, isLocked: Bool) throws(AccountError) {
            let state = try using {
                try $0.read { database in
                    FileState(
                        applicationID: try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
                        isEmpty: try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") == 0,
                        isNewer: try AccountSchema.migrator.hasBeenSuperseded(database),
                        isComplete: try AccountSchema.migrator.hasCompletedMigrations(database))
                }
            }
            guard state.isEmpty || state.applicationID == AccountSchema.applicationID else {
                throw .unusable(path, "this is a database of another program")
            }
            guard !state.isNewer else {
                throw .unusable(path, "a newer version of mqantserver made this file; use that one")
            }
            if !state.isComplete {
                // Who changes the tables is the only one that uses them: a server of an earlier version would not know
                // them.
                let own = try isLocked ? nil : ServerLock(beside: path, patience: .seconds(3))
                try using { try AccountSchema.migrator.migrate($0) }
                withExtendedLifetime(own) {}
            }
            if user == .server { try check() }
        }

        private struct FileState {
            var applicationID: Int
            var isEmpty: Bool
            var isNewer: Bool
            var isComplete: Bool
        }

        /// Reads all of the file once, so that one that is broken is told of at the start.
        private func check() throws(AccountError) {
            let result = try using { try $0.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") } }
            guard result == "ok" else {
                throw .unusable(path, "the file is broken (\(result ?? "no result")): restore a copy of it")
            }
        }
    }
#endif

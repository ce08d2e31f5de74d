#if Accounts
    import Glibc
    import GRDB
    package import Mqant

    extension AccountStore {
        /// The account of a name; nil: there is none.
        package func account(_ name: UserName) throws(AccountError) -> Account? {
            try using {
                try $0.read { database in
                    try Row.fetchOne(database, sql: "SELECT * FROM account WHERE name = ?", arguments: [name.text])
                        .map(Account.init)
                }
            }
        }

        /// All accounts, by the bytes of their names.
        package func all() throws(AccountError) -> [Account] {
            try using {
                try $0.read { database in
                    try Row.fetchAll(database, sql: "SELECT * FROM account ORDER BY name").map(Account.init)
                }
            }
        }

        /// Adds an account.
        ///
        /// - Parameter maximum: how many accounts there may be with it.
        /// - Throws: `AccountError` `taken` if there is one of that name, `tooMany` if there are as many as may be.
        package func add(_ name: UserName, _ hash: PasswordHash, maximum: Int = .max) throws(AccountError) {
            try using {
                try $0.write { database in
                    let isTaken = try Row.fetchOne(
                        database, sql: "SELECT 1 FROM account WHERE name = ?", arguments: [name.text])
                    guard isTaken == nil else { throw AccountError(.taken, "there is an account \(name) already") }
                    guard try Int.fetchOne(database, sql: "SELECT count(*) FROM account") ?? 0 < maximum else {
                        throw AccountError(.tooMany, "there are \(maximum) accounts, and no more are allowed")
                    }
                    let now = Self.now
                    try database.execute(
                        sql: "INSERT INTO account (name, hash, created, changed) VALUES (?, ?, ?, ?)",
                        arguments: [name.text, hash.text, now, now])
                }
            }
        }

        /// Gives an account another password.
        ///
        /// - Parameter former: does nothing if the hash is another one by now; nil: whatever it is.
        /// - Throws: `AccountError` `unknown` if there is no such account.
        package func setHash(_ name: UserName, _ hash: PasswordHash, former: String? = nil) throws(AccountError) {
            try change(
                name, "UPDATE account SET hash = ?, changed = ? WHERE name = ? AND hash = coalesce(?, hash)",
                [hash.text, Self.now, name.text, former], isOptional: former != nil)
        }

        /// Has nobody log in as the user, or lets the user log in again.
        ///
        /// - Throws: `AccountError` `unknown` if there is no such account.
        package func setDisabled(_ name: UserName, _ isDisabled: Bool) throws(AccountError) {
            try change(
                name, "UPDATE account SET isDisabled = ?, changed = ? WHERE name = ?",
                [isDisabled ? 1 : 0, Self.now, name.text])
        }

        /// Removes an account; its name is free then.
        ///
        /// - Throws: `AccountError` `unknown` if there is no such account.
        package func remove(_ name: UserName) throws(AccountError) {
            try change(name, "DELETE FROM account WHERE name = ?", [name.text])
        }

        private func change(
            _ name: UserName, _ statement: String, _ arguments: StatementArguments, isOptional: Bool = false
        ) throws(AccountError) {
            try using {
                try $0.write { database in
                    try database.execute(sql: statement, arguments: arguments)
                    guard database.changesCount > 0 || isOptional else {
                        throw AccountError(.unknown, "there is no account \(name)")
                    }
                }
            }
        }

        /// Seconds since 1970.
        private static var now: Int64 { Int64(time(nil)) }
    }

    extension Account {
        /// GRDB's own conversions trap where a broken file has something else than the table's types.
        fileprivate init(_ row: Row) throws(AccountError) {
            func value<Value>(_ column: String, _ type: Value.Type) throws(AccountError) -> Value {
                let value: (any DatabaseValueConvertible)? = row[column]
                guard let value = value as? Value else {
                    throw AccountError(.unusable, "the file of accounts is broken: restore a copy of it")
                }
                return value
            }
            self.init(
                name: try value("name", String.self), hash: try value("hash", String.self),
                isDisabled: try value("isDisabled", Int64.self) != 0, created: try value("created", Int64.self),
                changed: try value("changed", Int64.self))
        }
    }
#endif

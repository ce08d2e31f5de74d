#if Accounts
    import GRDB

    /// The tables of an accounts file, and how those of earlier versions become them.
    ///
    /// A migration that was once released stays as it is; a change is another one behind it.
    enum AccountSchema {
        /// In the file's header (SQLite's `application_id`): tells it from databases of other programs. "mqan".
        static let applicationID = 0x6d71_616e

        static var migrator: DatabaseMigrator {
            var migrator = DatabaseMigrator()
            migrator.registerMigration("accounts") { database in
                try database.execute(sql: "PRAGMA application_id = \(applicationID)")
                // Names compare by their bytes: BINARY is SQLite's default.
                try database.execute(
                    sql: """
                        CREATE TABLE account (
                            name TEXT NOT NULL PRIMARY KEY,
                            hash TEXT NOT NULL,
                            isDisabled INTEGER NOT NULL DEFAULT 0,
                            created INTEGER NOT NULL,
                            changed INTEGER NOT NULL
                        ) STRICT, WITHOUT ROWID
                        """)
            }
            return migrator
        }
    }
#endif

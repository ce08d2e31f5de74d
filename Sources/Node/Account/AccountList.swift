#if Accounts
    import ArgumentParser
    import FoundationEssentials
    import MqantAccounts
    import MqantServer

    /// `mqantserver account list`.
    struct AccountList: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List all accounts.")

        @OptionGroup var file: AccountFile

        @Flag(help: "As JSON: an array of objects with name, disabled, created, changed.")
        var json = false

        func run() throws {
            try AccountCommandError.telling {
                let store = try file.open()
                defer { store.close() }
                let rows = try store.all().map(Row.init)
                try StandardStreams.print(json ? Self.json(rows) : Self.table(rows))
            }
        }

        /// An account as it is shown.
        private struct Row: Encodable {
            var name: String
            var disabled: Bool
            var created: String
            var changed: String

            init(_ account: Account) {
                name = account.name
                disabled = account.isDisabled
                created = Self.time(account.created)
                changed = Self.time(account.changed)
            }

            private static func time(_ seconds: Int64) -> String {
                Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
            }
        }

        private static func json(_ rows: [Row]) throws -> String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return TerminalText.json(String(decoding: try encoder.encode(rows), as: UTF8.self))
        }

        private static func table(_ rows: [Row]) -> String {
            var table = TextTable(["User", "State", "Created", "Changed"])
            for row in rows {
                table.append([row.name, row.disabled ? "disabled" : "enabled", row.created, row.changed])
            }
            return table.text
        }
    }
#endif

import Mqant

/// `Accounts` in a Login's `Settings`.
package struct AccountSettings: Sendable {
    /// The file of accounts; a relative one is looked for in the working directory.
    package var file: String
    /// Whether people may make accounts by themselves, and how many in all.
    var mayRegister: Bool
    var maximumAccounts: Int
    /// How many passwords are checked at a time; nil: half the cores.
    var threads: Int?
    /// How many logins wait for that.
    var waiting: Int
    /// What a hash costs: scrypt's N as a power of two, and KiB of memory as well.
    var cost: Int
    /// How many failed logins of a user may follow each other at once, and after how long one of them is forgotten.
    var userFailures: Int
    var failureInterval: Duration

    /// Reads `Accounts`: docs/configuration.md#accounts-of-a-login.
    init(_ settings: inout SettingsReader) {
        let file = settings.string("File", required: true)
        if let file, file.isEmpty || file.utf8.contains(0) {
            settings.fault(at: "File", "must be the path of a file")
        }
        self.file = file ?? ""
        mayRegister = settings.bool("Register", default: false)
        maximumAccounts = settings.int("MaxAccounts", in: 1...100_000_000, default: 100_000)
        threads = settings.int("Threads", in: 1...64)
        waiting = settings.int("MaxWaiting", in: 1...100_000, default: 200)
        cost = settings.int("Cost", in: 10...20, default: 15)
        userFailures = settings.int("UserFailures", in: 1...1000, default: 5)
        failureInterval = settings.duration(
            "FailureInterval", in: .milliseconds(100) ... .seconds(3600), default: .seconds(30))
    }
}

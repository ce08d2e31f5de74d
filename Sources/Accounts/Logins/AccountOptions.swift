import NIOCore

/// How a server lets people in by their accounts.
package struct AccountOptions: Sendable {
    /// The file of accounts.
    package var file: String
    /// How many accounts people may make in all, where they may register by themselves.
    package var maximumAccounts = 100_000
    /// How many hashes are computed at a time.
    package var threads = max(1, System.coreCount / 2)
    /// How many logins wait for a thread.
    package var waiting = 200
    /// What a new hash costs.
    package var cost = ScryptCost.standard
    /// How many failed logins of a user may follow each other at once.
    package var userFailures = 5
    /// After how long one of them is forgotten.
    package var failureInterval = Duration.seconds(30)

    package init(file: String) { self.file = file }
}

import Mqant

/// Whether a session is about to become a user's. Calls that would bind it meanwhile wait.
///
/// Not Sendable: the loop's of the connection.
struct UserBinding {
    /// The group of the user that it is about to become; nil: none.
    private(set) var group: GroupName?
    private var waiters: [CheckedContinuation<Void, Never>] = []

    var isBusy: Bool { group != nil }

    mutating func begin(_ group: GroupName) { self.group = group }

    /// - Returns: who is to be resumed: each begins anew, and the first one is next.
    mutating func end() -> [CheckedContinuation<Void, Never>] {
        group = nil
        defer { waiters = [] }
        return waiters
    }

    mutating func wait(_ waiter: CheckedContinuation<Void, Never>) { waiters.append(waiter) }
}

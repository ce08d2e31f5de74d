/// Who may try to log in now: failed logins are slowed down by the user's name, and by the source that they come from.
///
/// An attempt counts as failed from its beginning, so that a thousand at the same time are no way round; one that
/// succeeds is taken back. For the user it begins when it comes in; for the source when it is computed, as many players
/// behind one address may well wait together. A login that succeeds clears the user's count, and leaves the source's:
/// whoever has one account could try others' for ever.
struct LoginThrottle: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// How many failures may follow each other at once, and after how long one of them is forgotten.
    struct Limits: Sendable {
        var userFailures = 5
        var userInterval = Duration.seconds(30)
        /// Many players may share an address, and mistype.
        var sourceFailures = 50
        var sourceInterval = Duration.seconds(3)
    }

    private var users: FailureTable
    private var sources: FailureTable

    init(_ limits: Limits) {
        users = FailureTable(burst: limits.userFailures, interval: limits.userInterval)
        sources = FailureTable(burst: limits.sourceFailures, interval: limits.sourceInterval)
    }

    /// An attempt comes in.
    ///
    /// - Parameters:
    ///   - user: the user's name, whether there is such a user or not; nil: of no user, such as a registration.
    ///   - source: where the attempt comes from; nil: not known.
    /// - Returns: nil if it may go on, and counts as a failure of the user from now on; else how long until the next
    ///   one may.
    mutating func enter(user: String?, source: String?, _ now: Instant) -> Duration? {
        let waits = [user.flatMap { users.wait(for: $0, now) }, source.flatMap { sources.wait(for: $0, now) }]
        if let wait = waits.compactMap(\.self).max() { return wait }
        if let user { users.count(user, now) }
        return nil
    }

    /// An attempt that came in has its turn.
    ///
    /// - Returns: nil if it may go on, and counts as a failure of the source from now on; else how long until the next
    ///   one may.
    mutating func begin(source: String?, _ now: Instant) -> Duration? {
        guard let source else { return nil }
        if let wait = sources.wait(for: source, now) { return wait }
        sources.count(source, now)
        return nil
    }

    /// The attempt succeeded.
    mutating func succeed(user: String?, source: String?, _ now: Instant) {
        if let user { users.clear(user) }
        takeBack(source: source, now)
    }

    /// The attempt came to nothing, through no fault of whoever made it.
    mutating func takeBack(user: String?, _ now: Instant) {
        if let user { users.takeBack(user, now) }
    }

    /// The same for its source, if it had its turn.
    mutating func takeBack(source: String?, _ now: Instant) {
        if let source { sources.takeBack(source, now) }
    }
}

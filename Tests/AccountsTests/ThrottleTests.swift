import Testing

@testable import MqantAccounts

/// Who may try to log in, and when.
@Suite struct ThrottleTests {
    private static let start = ContinuousClock.now

    /// An attempt from its beginning to its turn.
    private func attempt(
        _ throttle: inout LoginThrottle, _ user: String, _ source: String? = nil,
        at now: ContinuousClock.Instant = start
    ) -> Duration? {
        throttle.enter(user: user, source: source, now) ?? throttle.begin(source: source, now)
    }

    private func throttle() -> LoginThrottle {
        var limits = LoginThrottle.Limits()
        limits.userFailures = 3
        limits.userInterval = .seconds(30)
        limits.sourceFailures = 5
        limits.sourceInterval = .seconds(3)
        return LoginThrottle(limits)
    }

    @Test func aUserMayFailSoOftenAndThenSlowly() {
        var throttle = throttle()
        var now = Self.start
        for _ in 0..<3 { #expect(attempt(&throttle, "ada", at: now) == nil) }
        #expect(attempt(&throttle, "ada", at: now) == .seconds(30))
        #expect(attempt(&throttle, "bob", at: now) == nil, "others as ever")
        // Who asks again in vain does not wait longer for it.
        now += .seconds(20)
        #expect(attempt(&throttle, "ada", at: now) == .seconds(10))
        now += .seconds(10)
        #expect(attempt(&throttle, "ada", at: now) == nil)
        #expect(attempt(&throttle, "ada", at: now) == .seconds(30))
        now += .seconds(90)
        for _ in 0..<3 { #expect(attempt(&throttle, "ada", at: now) == nil) }
    }

    @Test func aLoginThatSucceedsClearsTheUser() {
        var throttle = throttle()
        for _ in 0..<3 { _ = attempt(&throttle, "ada") }
        throttle.succeed(user: "ada", source: nil, Self.start)
        #expect(attempt(&throttle, "ada") == nil)
    }

    @Test func whoHasAnAccountCannotTryOthersForEver() {
        var throttle = throttle()
        for number in 0..<5 {
            #expect(attempt(&throttle, "victim \(number)", "192.0.2.1") == nil)
            if number < 4 {
                #expect(attempt(&throttle, "eve", "192.0.2.1") == nil)
                throttle.succeed(user: "eve", source: "192.0.2.1", Self.start)
            }
        }
        #expect(attempt(&throttle, "victim 6", "192.0.2.1") == .seconds(3))
        #expect(attempt(&throttle, "victim 6", "192.0.2.2") == nil)
    }

    @Test func manyWhoShareASourceWaitTogether() {
        var throttle = throttle()
        let players = (0..<500).map { "player \($0)" }
        for player in players {
            #expect(throttle.enter(user: player, source: "198.51.100.7", Self.start) == nil)
        }
        for player in players {
            #expect(throttle.begin(source: "198.51.100.7", Self.start) == nil)
            throttle.succeed(user: player, source: "198.51.100.7", Self.start)
        }
    }

    @Test func whoGuessesManyUsersWaitsEvenIfAllCameAtOnce() {
        var throttle = throttle()
        let users = (0..<100).map { "user \($0)" }
        for user in users { #expect(throttle.enter(user: user, source: "192.0.2.1", Self.start) == nil) }
        #expect(users.count { _ in throttle.begin(source: "192.0.2.1", Self.start) == nil } == 5)
    }

    @Test func anAttemptThatCameToNothingDoesNotCount() {
        var throttle = throttle()
        for _ in 0..<100 {
            #expect(attempt(&throttle, "ada", "a") == nil)
            throttle.takeBack(user: "ada", Self.start)
            throttle.takeBack(source: "a", Self.start)
        }
    }

    @Test func theTableHasABound() {
        var table = FailureTable(burst: 2, interval: .seconds(10), capacity: 100)
        for _ in 0..<2 { table.count("ada", Self.start) }
        for number in 0..<1000 { table.count("stranger \(number)", Self.start) }
        #expect(table.count == 100)
        #expect(table.wait(for: "ada", Self.start) == .seconds(10), "who failed once goes before who failed twice")
        for number in 0..<1000 { table.count("late \(number)", Self.start + .seconds(60)) }
        #expect(table.count == 100)
        #expect(table.wait(for: "ada", Self.start + .seconds(60)) == nil)
    }

    @Test func namesAreTheirBytes() {
        var table = FailureTable(burst: 1, interval: .seconds(10))
        table.count("\u{212a}", Self.start)
        #expect(table.wait(for: "K", Self.start) == nil)
    }
}

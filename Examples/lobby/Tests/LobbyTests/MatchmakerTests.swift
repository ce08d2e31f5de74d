import Testing

@testable import Lobby

/// Who is paired with whom, without a server.
@Suite struct MatchmakerTests {
    private let matchmaker = Matchmaker(range: 50, widening: 25, maximumRange: 400)

    private func seeker(_ name: String, _ rating: Int, since: Double = 0) -> Seeker {
        Seeker(ticket: name, name: name, rating: rating, since: since)
    }

    private func pairs(_ seekers: [Seeker], now: Double) -> [[String]] {
        matchmaker.pairs(among: seekers, now: now).map { [$0.name, $1.name] }
    }

    @Test func theRangeWidensUpToItsBound() {
        let ranges = [-5.0, 0, 1, 4, 14, 1000, .infinity].map(matchmaker.range(after:))
        #expect(ranges == [50, 50, 75, 150, 400, 400, 400])
    }

    @Test func nobodyIsPairedAcrossTheRange() {
        let two = [seeker("ada", 1000), seeker("bob", 1100)]
        #expect(pairs(two, now: 1.9) == [])
        #expect(pairs(two, now: 2) == [["ada", "bob"]])
        #expect(pairs([seeker("ada", 0), seeker("bob", 401)], now: 1e6) == [], "never beyond the bound")
    }

    @Test func bothMustTakeEachOther() {
        let two = [seeker("ada", 1000, since: 0), seeker("bob", 1100, since: 10)]
        #expect(pairs(two, now: 10) == [], "ada would, bob has just come")
        #expect(pairs(two, now: 12) == [["ada", "bob"]])
    }

    @Test func whoHasWaitedLongestChoosesTheNearest() {
        let four = [
            seeker("dan", 1010, since: 3), seeker("bob", 1040, since: 1), seeker("ada", 1000, since: 0),
            seeker("carl", 1045, since: 2),
        ]
        #expect(pairs(four, now: 3) == [["ada", "dan"], ["bob", "carl"]])
        let equal = [seeker("ada", 1000), seeker("bob", 1010, since: 2), seeker("carl", 990, since: 1)]
        #expect(pairs(equal, now: 2) == [["ada", "carl"]], "of two that are equally near, the elder")
    }

    @Test func oneAloneAndNobodyAreNoPair() {
        #expect(pairs([], now: 0) == [])
        #expect(pairs([seeker("ada", 1000)], now: 1e9) == [])
    }

    @Test func whatIsTakenIsForgottenWhenItIsListedNoMore() {
        let tickets = TakenTickets()
        tickets.take("duel", "a")
        #expect(tickets.waiting("duel", ["a", "b"]) == ["b"])
        #expect(tickets.waiting("ranked", ["a"]) == ["a"])
        #expect(tickets.waiting("duel", ["b"]) == ["b"])
        #expect(tickets.waiting("duel", ["a"]) == ["a"])
    }
}

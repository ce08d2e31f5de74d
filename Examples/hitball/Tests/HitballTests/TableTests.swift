import Mqant
import Testing

@testable import Hitball

/// Who sits and who watches, without a server.
@Suite struct TableTests {
    private let ada = SessionID()
    private let bob = SessionID()
    private let carl = SessionID()
    private var table: Table

    init() throws { table = Table(name: try TableName(validating: "1"), pointsToWin: 3) }

    @Test mutating func theFirstTwoSitAndFurtherOnesWatch() throws {
        #expect(try table.sit(ada, "Ada").side == .left)
        #expect(!table.isOn)
        #expect(table.state.phase == .waiting)
        #expect(try table.sit(bob, "Bob").side == .right)
        #expect(table.isOn)
        #expect(throws: Table.Refusal.bothSeatsAreTaken) { try table.sit(carl, "Carl") }
        #expect(table.watch(carl).side == nil)
        #expect(table.state.players == Sides(left: "Ada", right: "Bob"))
        #expect(table.state.spectators == 1)
    }

    @Test mutating func askingAgainKeepsTheSeatUnderANewTicket() throws {
        let first = try table.sit(ada, "Ada")
        let second = try table.sit(ada, "Ada")
        #expect(second.side == first.side)
        table.end(ticket: first.ticket)
        #expect(table.state.players.left == "Ada", "the end of the first visit, told late")
        table.end(ticket: second.ticket)
        #expect(table.isEmpty)
    }

    @Test mutating func theGamePausesAndGoesOnWithTheSamePlayer() throws {
        _ = try table.sit(ada, "Ada")
        _ = try table.sit(bob, "Bob")
        table.advance(by: 3)
        let score = table.game.score
        #expect(score == Sides(left: 0, right: 1))
        let game = table.game
        table.leave(ada)
        table.advance(by: 3)
        #expect(table.game == game, "it stands still")
        #expect(table.state.phase == .waiting)
        #expect(table.state.players == Sides(left: nil, right: "Bob"))
        #expect(try table.sit(SessionID(), "Ada").side == .left)
        #expect(table.game == game)
        table.leave(bob)
        #expect(try table.sit(carl, "Carl").side == .right)
        #expect(table.game.score == Sides(left: 0, right: 0), "a new player, a new game")
    }

    @Test mutating func onlyPlayersMovePaddles() throws {
        _ = try table.sit(ada, "Ada")
        _ = try table.sit(bob, "Bob")
        _ = table.watch(carl)
        table.move(ada, to: 100)
        table.move(carl, to: 500)
        table.move(SessionID(), to: 500)
        table.advance(by: 1)
        #expect(table.state.paddles == Sides(left: 100, right: 300))
    }

    @Test mutating func aPlayerWhoWatchesGivesTheSeatUp() throws {
        _ = try table.sit(ada, "Ada")
        _ = table.watch(ada)
        #expect(table.state.players.left == nil)
        #expect(table.state.spectators == 1)
        table.leave(ada)
        #expect(table.isEmpty)
    }

    @Test func thereAreAsManyTablesAsThereMayBe() throws {
        let tables = Tables(maximum: 1, pointsToWin: 3)
        let (one, two) = (try TableName(validating: "1"), try TableName(validating: "2"))
        let visit = try tables.visit(one) { table throws(Table.Refusal) in table.watch(ada) }
        #expect(throws: HitballError.noTableIsFree) {
            try tables.visit(two) { table throws(Table.Refusal) in table.watch(bob) }
        }
        tables.change("1") { $0.end(ticket: visit.ticket) }
        #expect(tables.count == 0, "the last one has left")
        _ = try tables.visit(two) { table throws(Table.Refusal) in table.watch(bob) }
        tables.keep { _ in false }
        #expect(tables.count == 0, "another instance's by now")
    }
}

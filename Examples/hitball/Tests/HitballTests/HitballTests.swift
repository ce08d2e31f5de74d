import MqantTesting
import Testing

@testable import Hitball

/// The module, with clients over MQTT.
@Suite(.timeLimit(.minutes(1))) struct HitballTests {
    /// The next state that is as asked for.
    private func state(_ client: TestClient, where isSo: (TableState) -> Bool) async throws -> TableState {
        while true {
            let state = try await client.nextPush(on: "Hitball/OnState").decode(TableState.self)
            if isSo(state) { return state }
        }
    }

    private func sit(_ client: TestClient, _ name: String, at table: String = "1") async throws -> Side {
        let reply: SeatReply = try await client.request("Hitball/Handler_Sit", SitRequest(table: table, name: name))
        return reply.seat
    }

    @Test func twoPlayAndOneWatches() async throws {
        try await Server.test(Hitball.self) { server in
            let (ada, bob, carl) = (try await server.client(), try await server.client(), try await server.client())
            #expect(try await sit(ada, "Ada") == .left)
            let alone = try await state(ada) { _ in true }
            #expect(alone.phase == .waiting && alone.players == Sides(left: "Ada", right: nil))
            #expect(try await sit(bob, "Bob") == .right)
            try await carl.request("Hitball/Handler_Watch", TableRequest(table: "1"))
            // A client that wants no answer gives no message id; QoS 0 is enough, for the next move comes soon.
            try await ada.post("Hitball/Handler_Move", MoveRequest(table: "1", y: 100))
            try await carl.post("Hitball/Handler_Move", MoveRequest(table: "1", y: 500))
            for client in [ada, bob, carl] {
                let state = try await state(client) { $0.paddles.left == 100 && $0.spectators == 1 }
                #expect(state.players == Sides(left: "Ada", right: "Bob"))
            }
            let rally = try await state(carl) { $0.phase == .rally }
            let later = try await state(carl) { _ in true }
            #expect(later.ball != rally.ball, "the ball flies")
            // Nobody returns it.
            let scored = try await state(bob) { $0.score != Sides(left: 0, right: 0) }
            #expect(scored.score.left + scored.score.right == 1)
        }
    }

    @Test func theGamePausesWhenAPlayerGoes() async throws {
        try await Server.test(Hitball.self) { server in
            let (ada, bob, carl) = (try await server.client(), try await server.client(), try await server.client())
            _ = try await sit(ada, "Ada")
            _ = try await sit(bob, "Bob")
            try await carl.request("Hitball/Handler_Watch", TableRequest(table: "1"))
            _ = try await state(carl) { $0.phase != .waiting }
            // By leaving, and by the end of the connection.
            try await bob.request("Hitball/Handler_Leave", TableRequest(table: "1"))
            #expect(try await state(carl) { $0.phase == .waiting }.players == Sides(left: "Ada", right: nil))
            #expect(try await sit(bob, "Bob") == .right)
            _ = try await state(carl) { $0.phase != .waiting }
            await ada.close()
            #expect(try await state(carl) { $0.phase == .waiting }.players == Sides(left: nil, right: "Bob"))
            #expect(try await sit(carl, "Carl") == .left)
            let state = try await state(bob) { $0.players == Sides(left: "Carl", right: "Bob") }
            #expect(state.phase != .waiting)
            #expect(state.spectators == 0)
        }
    }

    @Test func whatIsNoTableIsRefused() async throws {
        try await Server.test(Hitball.self, settings: #"{ "MaxTables": 1 }"#) { server in
            let ada = try await server.client()
            for (table, name, text) in [
                ("", "Ada", "a table's name has 1 to 40 bytes"),
                (String(repeating: "x", count: 41), "Ada", "a table's name has 1 to 40 bytes"),
                ("1", "", "a player's name has 1 to 40 bytes"),
            ] {
                await #expect(throws: TestClient.Refusal(message: text)) { try await sit(ada, name, at: table) }
            }
            _ = try await sit(ada, "Ada")
            let bob = try await server.client()
            await #expect(throws: TestClient.Refusal(message: "no table is free")) {
                try await sit(bob, "Bob", at: "2")
            }
            _ = try await sit(bob, "Bob")
            let carl = try await server.client()
            await #expect(throws: TestClient.Refusal(message: "both seats are taken")) { try await sit(carl, "Carl") }
            await #expect(throws: TestClient.Refusal(message: "Handler_Move: y is missing")) {
                try await ada.request("Hitball/Handler_Move", TableRequest(table: "1"))
            }
        }
    }

    /// A table that an instance owns while that is there, and the other one else.
    private func table(of instance: InstanceID, _ server: TestServer) throws -> String {
        try #require((0..<1000).lazy.map { "\($0)" }.first { server.owner(of: $0, Hitball.type) == instance })
    }

    @Test func aTableIsLostWithItsOwnerAndBegunAnew() async throws {
        try await Server.test(Hitball.self) { server in
            let second = try await server.start(Hitball.self, id: "hitball-2")
            let table = try table(of: second.id, server)
            let (ada, bob) = (try await server.client(), try await server.client())
            _ = try await sit(ada, "Ada", at: table)
            _ = try await sit(bob, "Bob", at: table)
            _ = try await state(bob) { $0.score != Sides(left: 0, right: 0) }
            await second.kill()
            // No state comes any more, and the page asks again.
            #expect(try await sit(bob, "Bob", at: table) == .left)
            #expect(try await sit(ada, "Ada", at: table) == .right)
            let anew = try await state(bob) { $0.players == Sides(left: "Bob", right: "Ada") }
            #expect(anew.score == Sides(left: 0, right: 0))
        }
    }

    @Test func whoOwnsATableNoMoreGivesItUp() async throws {
        try await Server.test(Hitball.self) { server in
            let second = try await server.start(Hitball.self, id: "hitball-2")
            let table = try table(of: second.id, server)
            try await second.stop()
            let (ada, bob) = (try await server.client(), try await server.client())
            _ = try await sit(ada, "Ada", at: table)
            _ = try await sit(bob, "Bob", at: table)
            _ = try await state(ada) { $0.phase != .waiting }
            try await server.start(Hitball.self, id: "hitball-2")
            // The new owner has her alone; the old one sends what it had for a second at most.
            _ = try await sit(ada, "Ada", at: table)
            var inARow = 0
            while inARow < 30 {
                let state = try await state(ada) { _ in true }
                inARow = state.players == Sides(left: "Ada", right: nil) ? inARow + 1 : 0
            }
        }
    }
}

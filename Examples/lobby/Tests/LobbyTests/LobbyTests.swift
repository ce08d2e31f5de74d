import MqantTesting
import Testing

@testable import Lobby

/// The module, with clients over MQTT.
@Suite(.timeLimit(.minutes(1))) struct LobbyTests {
    private func find(
        _ client: TestClient, _ name: String, _ rating: Int, in queue: String = "duel", repeats: Bool = false
    ) async throws {
        let request = FindRequest(queue: queue, name: name, rating: rating)
        try await client.request("Lobby/Handler_Find", request, repeats: repeats)
    }

    private func match(_ client: TestClient) async throws -> Match {
        try await client.nextPush(on: "Lobby/OnMatch").decode()
    }

    @Test func twoOfLikeRatingAreToldOneTable() async throws {
        try await Server.test(Lobby.self) { server in
            let (ada, bob) = (try await server.client(), try await server.client())
            try await find(ada, "Ada", 1500)
            try await find(bob, "Bob", 1520)
            let (one, other) = (try await match(ada), try await match(bob))
            #expect(one.opponent == .init(name: "Bob", rating: 1520))
            #expect(other.opponent == .init(name: "Ada", rating: 1500))
            #expect(one.table == other.table)
            // And again, each with another one.
            let (carl, dan) = (try await server.client(), try await server.client())
            for (client, name) in [(ada, "Ada"), (carl, "Carl")] { try await find(client, name, 1500) }
            let next = try await match(ada)
            #expect(next.opponent.name == "Carl")
            #expect(next.table != one.table)
            for (client, name) in [(bob, "Bob"), (dan, "Dan")] { try await find(client, name, 1500) }
            #expect(try await match(bob).opponent.name == "Dan")
        }
    }

    @Test func theRangeWidensWhileTheyWait() async throws {
        try await Server.test(Lobby.self, settings: #"{ "Range": 10, "Widening": 400 }"#) { server in
            let (ada, bob) = (try await server.client(), try await server.client())
            try await find(ada, "Ada", 1000)
            try await find(bob, "Bob", 1200)
            #expect(try await match(ada).opponent.name == "Bob")
        }
    }

    @Test func thoseWhoGoAreNotMatched() async throws {
        try await Server.test(Lobby.self) { server in
            let (ada, bob) = (try await server.client(), try await server.client())
            try await find(ada, "Ada", 1500)
            try await ada.request("Lobby/Handler_Cancel", CancelRequest(queue: "duel"))
            try await find(bob, "Bob", 1500)
            await bob.close()
            let (carl, dan) = (try await server.client(), try await server.client())
            try await find(carl, "Carl", 1500)
            try await find(dan, "Dan", 1500)
            #expect(try await match(carl).opponent.name == "Dan")
        }
    }

    /// Whether she was in time, or was matched before: never both.
    @Test(.faults(.delays, seeds: 1...5)) func whoHasCancelledIsNotMatched() async throws {
        try await Server.test(Lobby.self, settings: #"{ "Interval": 0.001 }"#) { server in
            let (ada, bob, carl) = (try await server.client(), try await server.client(), try await server.client())
            for _ in 0..<20 {
                try await find(ada, "Ada", 1500)
                async let asked: Void = find(bob, "Bob", 1500)
                let cancelled: Bool = try await ada.request(
                    "Lobby/Handler_Cancel", CancelRequest(queue: "duel"))
                try await asked
                if cancelled { try await find(carl, "Carl", 1500) }
                #expect(try await match(bob).opponent.name == (cancelled ? "Carl" : "Ada"))
                #expect(try await match(cancelled ? carl : ada).opponent.name == "Bob")
            }
        }
    }

    @Test func queuesAreApart() async throws {
        try await Server.test(Lobby.self, settings: #"{ "Queues": [ "duel", "ranked" ] }"#) { server in
            var clients: [TestClient] = []
            for (name, queue) in [("Ada", "duel"), ("Bob", "ranked"), ("Carl", "duel"), ("Dan", "ranked")] {
                let client = try await server.client()
                try await find(client, name, 1500, in: queue)
                clients.append(client)
            }
            #expect(try await match(clients[0]).opponent.name == "Carl")
            #expect(try await match(clients[1]).opponent.name == "Dan")
        }
    }

    @Test func whatIsNoSearchIsRefused() async throws {
        try await Server.test(Lobby.self, settings: #"{ "MaxWaiting": 2, "Widening": 0 }"#) { server in
            let ada = try await server.client()
            for (queue, name, rating, text) in [
                ("chess", "Ada", 1500, "there is no such queue"),
                ("duel", "", 1500, "a name has 1 to 40 bytes"),
                ("duel", String(repeating: "x", count: 41), 1500, "a name has 1 to 40 bytes"),
                ("duel", "Ada", -1, "a rating is 0 to 10000"),
                ("duel", "Ada", 10_001, "a rating is 0 to 10000"),
            ] {
                await #expect(throws: TestClient.Refusal(message: text)) {
                    try await find(ada, name, rating, in: queue)
                }
            }
            await #expect(throws: TestClient.Refusal(message: "Handler_Find: rating is missing")) {
                try await ada.request("Lobby/Handler_Find", ["queue": "duel", "name": "Ada"])
            }
        }
    }

    @Test func wrongSettingsAreToldWithTheirPlace() async throws {
        let error = await #expect(throws: ConfigurationError.self) {
            try await Server.test(Lobby.self, settings: #"{ "Queues": [ "" ], "Range": -1 }"#) { _ in }
        }
        #expect(error?.faults.count == 2)
    }

    private static let queues = (0..<8).map { "q\($0)" }
    private static let settings = #"{ "Queues": \#(queues) }"#

    @Test func aQueueGoesOnWhenItsLobbyDies() async throws {
        try await Server.test(Lobby.self, settings: Self.settings) { server in
            let second = try await server.start(Lobby.self, id: "lobby-2", settings: Self.settings)
            let queue = try #require(Self.queues.first { server.owner(of: $0, Lobby.type) == second.id })
            let (ada, bob) = (try await server.client(), try await server.client())
            try await find(ada, "Ada", 1500, in: queue)
            await second.kill()
            try await find(bob, "Bob", 1500, in: queue)
            #expect(try await match(ada).opponent.name == "Bob")
            #expect(try await match(bob).opponent.name == "Ada")
        }
    }

    /// Whatever dies, a table is told to two, who are each other's opponents. A match that was made when its Lobby died may be lost:
    /// then they ask again.
    @Test(.faults(seeds: 1...5)) func aTableIsForTwo() async throws {
        try await Server.test(Lobby.self, settings: Self.settings) { server in
            try await server.start(Lobby.self, id: "lobby-2", settings: Self.settings)
            var players: [(name: String, client: TestClient)] = []
            for name in ["Ada", "Bob", "Carl", "Dan"] { players.append((name, try await server.client())) }
            for round in 0..<10 {
                for player in players {
                    try await find(player.client, player.name, 1500, in: Self.queues[round % 7], repeats: true)
                }
            }
            try await server.recover()
            // Nobody has asked in this queue before, and nothing goes wrong any more: all are matched.
            for player in players { try await find(player.client, player.name, 1500, in: "q7") }
            var tables: [String: [String: String]] = [:]
            for player in players {
                var match: Match
                repeat {
                    match = try await self.match(player.client)
                    tables[match.table, default: [:]][player.name] = match.opponent.name
                } while match.queue != "q7"
            }
            for (table, opponents) in tables {
                #expect(opponents.count <= 2, "\(table): \(opponents)")
                for (player, opponent) in opponents where opponents.count == 2 {
                    #expect(opponents[opponent] == player, "\(table): \(opponents)")
                }
            }
        }
    }
}

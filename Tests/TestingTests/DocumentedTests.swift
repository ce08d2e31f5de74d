import MqantTesting
import Testing

/// The tests that docs/testing.md shows; another test compares the page with this file.
@Suite("Tests of the documents", .timeLimit(.minutes(5))) struct DocumentedTests {
    @Test func aPlayerSits() async throws {
        try await Server.test(Table.self, settings: #"{ "Seats": 1 }"#) { server in
            let ada = try await server.client(user: "Ada")
            let answer: String = try await ada.request("Table/Handler_Sit", Table.Sit(table: "7"))
            #expect(answer == "test:Table")
            let push = try await ada.nextPush()
            #expect(push.topic == "Table/OnSit")
            #expect(try push.decode(String.self) == "Ada")

            let bob = try await server.client(user: "Bob")
            await #expect(throws: TestClient.Refusal(message: "the table is full")) {
                try await bob.request("Table/Handler_Sit", Table.Sit(table: "7"))
            }
        }
    }

    @Test(arguments: TestTransport.allCases)
    func guestsDoNotSit(over transport: TestTransport) async throws {
        try await Server.test(Table.self, over: transport) { server in
            let guest = try await server.client()
            await #expect(throws: TestClient.Refusal(message: "log in first")) {
                try await guest.request("Table/Handler_Sit", Table.Sit(table: "7"))
            }
        }
    }

    @Test func playersAreToldOfEachMinute() async throws {
        let clock = TestClock()
        try await Server.test(Table.self, clock: clock) { server in
            let ada = try await server.client(user: "Ada")
            try await ada.request("Table/Handler_Sit", Table.Sit(table: "7"))
            await clock.advance(by: .seconds(180))
            for minute in 1...3 {
                let push = try await ada.nextPush(on: "Table/OnMinute")
                #expect(try push.decode(Int.self) == minute)
            }
        }
    }

    @Test func aTableMovesWhenItsProcessDies() async throws {
        try await Server.test(Table.self) { server in
            let second = try await server.start(Table.self, id: "table-2")
            let tables = (0..<1000).lazy.map { "\($0)" }
            let table = try #require(tables.first { server.owner(of: $0, Table.type) == "table-2" })
            let ada = try await server.client(user: "Ada")
            let sit = Table.Sit(table: table)
            #expect(try await ada.request("Table/Handler_Sit", sit, returning: String.self) == "table-2")
            await second.kill()
            #expect(try await ada.request("Table/Handler_Sit", sit, returning: String.self) == "test:Table")
        }
    }

    @Test(.faults(seeds: 1...20)) func whoSitsStaysSeated() async throws {
        try await Server.test(Table.self) { server in
            let ada = try await server.client(user: "Ada")
            for table in 1...20 {
                try await ada.request("Table/Handler_Sit", Table.Sit(table: "\(table)"), repeats: true)
            }
            try await server.recover()
            try await ada.request("Table/Handler_Shout", "hello")
            for _ in 1...20 { _ = try await ada.nextPush(on: "Table/OnShout") }
        }
    }
}

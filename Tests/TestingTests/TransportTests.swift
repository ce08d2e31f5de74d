import MqantTesting
import Testing

/// What a test sees of its server is the same by either transport: it is the Gate's doing.
@Suite("Clients of a test", .timeLimit(.minutes(1))) struct TransportTests {
    private static let all = TestTransport.allCases

    @Test(arguments: all) func repliesAndPushesComeInOrder(over transport: TestTransport) async throws {
        try await Server.test(Table.self, over: transport) { server in
            let ada = try await server.client(user: "Ada")
            let bob = try await server.client(user: "Bob")
            for client in [ada, bob] {
                let answer: String = try await client.request("Table/Handler_Sit", Table.Sit(table: "7"))
                #expect(answer == "test:Table")
            }
            for number in 0..<50 { try await ada.request("Table/Handler_Shout", "\(number)") }
            #expect(try await ada.nextPush().decode(String.self) == "Ada")
            for client in [ada, bob] {
                #expect(try await client.nextPush().decode(String.self) == "Bob")
                for number in 0..<50 {
                    let push = try await client.nextPush()
                    #expect(push.topic == "Table/OnShout")
                    #expect(try push.decode(String.self) == "\(number)")
                }
            }
        }
    }

    @Test(arguments: all) func onlyHandlersMayBeCalled(over transport: TestTransport) async throws {
        try await Server.test(Table.self, over: transport) { server in
            let guest = try await server.client()
            await #expect(throws: TestClient.Refusal(message: "Method(secret) must begin with 'Handler_'")) {
                try await guest.request("Table/secret", [String]())
            }
            await #expect(throws: TestClient.Refusal(message: "Service(type:Chair) not found")) {
                try await guest.request("Chair/Handler_Sit", Table.Sit(table: "7"))
            }
        }
    }

    @Test(arguments: all) func sessionsAreOfUsersOrGuests(over transport: TestTransport) async throws {
        try await Server.test(Table.self, settings: #"{ "Seats": 1 }"#, over: transport) { server in
            let (ada, guest) = (try await server.client(user: "Ada"), try await server.client())
            #expect(try await ada.request("Table/Handler_WhoAmI", 0, returning: String.self) == "Ada")
            await #expect(throws: TestClient.Refusal(message: "log in first")) {
                try await guest.request("Table/Handler_Sit", Table.Sit(table: "7"))
            }
            try await ada.request("Table/Handler_Sit", Table.Sit(table: "7"))
            await #expect(throws: TestClient.Refusal(message: "the table is full")) {
                try await ada.request("Table/Handler_Sit", Table.Sit(table: "7"))
            }
        }
    }

    @Test(arguments: all) func aSecondLoginEndsTheFirst(over transport: TestTransport) async throws {
        try await Server.test(Table.self, over: transport) { server in
            let older = try await server.client(user: "Ada")
            let newer = try await server.client(user: "Ada")
            #expect(try await older.nextPush().topic == "Gate/OnKick")
            try await older.closed()
            #expect(try await newer.request("Table/Handler_WhoAmI", 0, returning: String.self) == "Ada")
        }
    }

    @Test(arguments: all) func theGateHasSettings(over transport: TestTransport) async throws {
        let gate = #"{ "DuplicateLogin": "refuse", "MaxConnNum": 2 }"#
        try await Server.test(Table.self, gate: gate, over: transport) { server in
            _ = try await server.client(user: "Ada")
            await #expect(throws: TestClient.Refusal(message: "Ada is logged in elsewhere")) {
                try await server.client(user: "Ada")
            }
            await #expect(throws: TestFailure.self) { try await server.client() }
        }
    }

    @Test func onlyMQTTTakesAPort() async throws {
        try await Server.test(Table.self) { server in #expect(server.port == nil) }
        try await Server.test(Table.self, over: .mqtt) { server in #expect(server.port ?? 0 > 0) }
    }

    @Test(arguments: all) func whatTheTestThrowsIsThrown(over transport: TestTransport) async throws {
        struct Planned: Error {}
        await #expect(throws: Planned.self) {
            try await Server.test(Table.self, over: transport) { _ in throw Planned() }
        }
    }

    @Test(arguments: all) func aModuleThatCannotStartIsNamed(over transport: TestTransport) async throws {
        let failure = await #expect(throws: ModuleFailure.self) {
            try await Server.test(Broken.self, over: transport) { _ in Issue.record("it did not start") }
        }
        #expect(failure?.description == "module test:Broken failed in init: no luck")
    }

    private struct Broken: Module {
        static let type: ModuleType = "Broken"

        init(settings: UncheckedSettings, context: ModuleContext) throws { throw HandlerError("no luck") }
    }
}

import MqantLogin
import MqantTesting
import Testing

/// The demo's Login, as clients see it.
@Suite(.timeLimit(.minutes(1))) struct LoginTests {
    private static let all = TestTransport.allCases

    private func logIn(_ client: TestClient, as name: String) async throws -> String {
        try await client.request("Login/Handler_Login", ["userName": name, "passWord": "secret"])
    }

    @Test(arguments: all) func whoeverNamesAUserIsThatUser(over transport: TestTransport) async throws {
        try await Server.test(Login.self, over: transport) { server in
            let older = try await server.client()
            #expect(try await logIn(older, as: "Ada") == "login success Ada")
            let newer = try await server.client()
            #expect(try await logIn(newer, as: "Ada") == "login success Ada")
            // One user, one session.
            #expect(try await older.nextPush().topic == "Gate/OnKick")
            try await older.closed()
        }
    }

    @Test func twoSpellingsAreOneUser() async throws {
        try await Server.test(Login.self) { server in
            let older = try await server.client()
            #expect(try await logIn(older, as: "Rene\u{301}") == "login success Ren\u{e9}")
            let newer = try await server.client()
            _ = try await logIn(newer, as: "Ren\u{e9}")
            try await older.closed()
        }
    }

    @Test(arguments: [
        (["userName": "Ada"], "userName or passWord cannot be nil"),
        (["passWord": "secret"], "userName or passWord cannot be nil"),
        (["userName": "", "passWord": "secret"], "userName or passWord cannot be nil"),
        (["userName": String(repeating: "a", count: 129), "passWord": ""], "userName is longer than 128 bytes"),
        (["userName": "  ", "passWord": ""], "userName is blank"),
        (["userName": "Ada ", "passWord": ""], "userName begins or ends with a blank"),
        (["userName": "\u{202e}adA", "passWord": ""], "userName has a character that names must not have"),
        (["userName": "Ada\0", "passWord": ""], "userName has a character that names must not have"),
    ])
    func whatIsMissingIsTold(_ request: [String: String], _ message: String) async throws {
        try await Server.test(Login.self) { server in
            let client = try await server.client()
            await #expect(throws: TestClient.Refusal(message: message)) {
                try await client.request("Login/Handler_Login", request)
            }
        }
    }

    /// What Chat asks of Login.
    private struct Asker: Module {
        static let type: ModuleType = "Asker"
        let context: ModuleContext

        init(settings: UncheckedSettings, context: ModuleContext) { self.context = context }

        func register(on server: RPCServer) throws {
            try server.register("Handler_Ask") { (_: Session, text: String) in
                try await context.call("Login", "getRand", text, returning: String.self)
            }
        }
    }

    @Test func modulesGetARandomNumberBehindTheirText() async throws {
        try await Server.test(Asker.self, others: [Login.self]) { server in
            let client = try await server.client()
            let answer: String = try await client.request("Asker/Handler_Ask", "abc")
            let words = answer.split(separator: " ")
            #expect(words.count == 2)
            #expect(words.first == "abc")
            #expect(words.last.flatMap { UInt32($0) } != nil)
        }
    }
}

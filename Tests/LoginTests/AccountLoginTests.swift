import Foundation
import MqantAccounts
import MqantLogin
import MqantTesting
import Testing

/// Login with a file of accounts, as clients see it.
@Suite(.timeLimit(.minutes(1))) struct AccountLoginTests {
    /// A file of accounts with Ada in it, in a folder of its own.
    private final class File {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("login-\(UUID().uuidString)").path
        var path: String { "\(folder)/accounts.sqlite" }

        init() throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            let store = try AccountStore(path, for: .makingCommand)
            try store.add(UserName("Ada"), PasswordHash(of: Password("correct horse"), cost: ScryptCost(logN: 10)))
            store.close()
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func settings(_ more: String = "") -> String {
            #"{ "Accounts": { "File": "\#(path)", "Cost": 10\#(more) } }"#
        }
    }

    private func ask(
        _ client: TestClient, _ name: String, _ password: String, to function: String = "Login"
    ) async throws -> String {
        try await client.request("Login/Handler_\(function)", ["userName": name, "passWord": password])
    }

    private func refuses(
        _ message: String, _ client: TestClient, _ name: String, _ password: String, to function: String = "Login",
        at place: SourceLocation = #_sourceLocation
    ) async {
        await #expect(throws: TestClient.Refusal(message: message), sourceLocation: place) {
            _ = try await ask(client, name, password, to: function)
        }
    }

    @Test(arguments: TestTransport.allCases) func thePasswordLetsIn(over transport: TestTransport) async throws {
        let file = try File()
        try await Server.test(Login.self, settings: file.settings(), over: transport) { server in
            let client = try await server.client()
            await refuses("wrong user name or password", client, "Ada", "wrong")
            await refuses("wrong user name or password", client, "nobody", "correct horse")
            await refuses("userName or passWord cannot be nil", client, "", "correct horse")
            await refuses("userName has a character that names must not have", client, "Ada\0", "correct horse")
            await refuses("passWord is longer than 1024 bytes", client, "Ada", String(repeating: "x", count: 1025))
            await refuses(
                "Remote function(Handler_Register) not found", client, "Bob", "battery staple", to: "Register")
            #expect(try await ask(client, "Ada", "correct horse") == "login success Ada")
        }
    }

    @Test func peopleRegisterWhereTheyMay() async throws {
        let file = try File()
        try await Server.test(Login.self, settings: file.settings(#", "Register": true, "MaxAccounts": 2"#)) { server in
            let client = try await server.client()
            await refuses("passWord is shorter than 8 characters", client, "Bob", "battery", to: "Register")
            await refuses("userName is blank", client, "\u{3164}", "battery staple", to: "Register")
            await refuses("this user name is taken", client, "Ada", "battery staple", to: "Register")
            #expect(
                try await ask(client, "Rene\u{301}", "battery staple", to: "Register") == "register success Ren\u{e9}")
            await refuses("no more accounts can be made", client, "Carl", "battery staple", to: "Register")
            #expect(try await ask(client, "Ren\u{e9}", "battery staple") == "login success Ren\u{e9}")
        }
    }

    @Test func failuresAreForgottenInTime() async throws {
        let file = try File()
        let clock = TestClock()
        let settings = file.settings(#", "UserFailures": 2, "FailureInterval": 60"#)
        try await Server.test(Login.self, settings: settings, clock: clock) { server in
            let client = try await server.client()
            for _ in 0..<2 { await refuses("wrong user name or password", client, "Ada", "wrong") }
            await refuses("too many failed logins, try again in 60 s", client, "Ada", "correct horse")
            await clock.advance(by: .seconds(60))
            #expect(try await ask(client, "Ada", "correct horse") == "login success Ada")
        }
    }

    /// A second server at one time is refused; one after the other is none.
    @Test func theFileIsFreeAfterTheServersEnd() async throws {
        let file = try File()
        for _ in 0..<2 {
            try await Server.test(Login.self, settings: file.settings()) { server in
                let client = try await server.client()
                #expect(try await ask(client, "Ada", "correct horse") == "login success Ada")
                #expect(throws: AccountError.self) { try AccountStore(file.path, for: .server) }
            }
        }
        try AccountStore(file.path, for: .server).close()
    }

    @Test(arguments: [
        (#"{ "Acounts": { "File": "x" } }"#, "did you mean Accounts?"), (#"{ "Accounts": {} }"#, "is missing"),
        (#"{ "Accounts": true }"#, "must be an object"),
        (#"{ "Accounts": { "File": "" } }"#, "must be the path of a file"),
        (#"{ "Accounts": { "File": "x", "Cost": 9 } }"#, "must be a whole number from 10 to 20"),
        (#"{ "Accounts": { "File": "x", "Registre": true } }"#, "did you mean Register?"),
    ])
    func settingsAreChecked(text: String, message: String) {
        let error = #expect(throws: ConfigurationError.self) { try LoginSettings(text: text) }
        #expect(error?.faults.count == 1)
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }
}

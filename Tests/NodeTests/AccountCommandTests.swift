import Foundation
import MqantRabbitMQTestSupport
import Testing

/// `mqantserver account …`, beside servers and without. At a terminal: Tests/ClientTests/test_accounts.py.
@Suite(.timeLimit(.minutes(2))) struct AccountCommandTests {
    /// A folder of a test's own, and a configuration in it whose Login has accounts.
    private final class Place {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("account-\(UUID().uuidString)").path
        var file: String { "\(folder)/accounts.sqlite" }
        var configuration: String { "\(folder)/server.conf" }

        init(_ login: String? = nil) throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            let settings = login ?? #"{ "Accounts": { "File": "\#(file)" } }"#
            let text = """
                { "Module": {
                    "Login": [ { "Id": "login-1", "Host": "127.0.0.1", "Settings": \(settings) } ],
                    "Gate": [ { "Id": "gate-1", "Host": "127.0.0.1", "Settings": { "TCPAddr": "127.0.0.1:0" } } ] } }
                """
            try text.write(toFile: configuration, atomically: true, encoding: .utf8)
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }
    }

    private struct Output {
        var status: Int32
        var text: String
    }

    /// Runs a command with a text as its standard input.
    private func run(_ arguments: [String], input: String = "") async throws -> Output {
        let output = try OutputReader()
        let script = #"input=$1; shift; printf '%b' "$input" | "$0" "$@" 2>&1"#
        let process = try ChildProcess(
            ["/bin/sh", "-c", script, ServerProcess.binary.path, input] + arguments,
            environment: ["PATH": "/usr/bin:/bin"], output: output.writeEnd)
        output.start()
        let status = await process.waitForExit()
        return Output(status: status, text: await output.all())
    }

    private func expect(
        _ arguments: [String], at place: Place, input: String = "", _ text: String, status: Int32 = 0,
        location: SourceLocation = #_sourceLocation
    ) async throws {
        let output = try await run(["account"] + arguments + ["--file", place.file], input: input)
        #expect(output.status == status, sourceLocation: location)
        #expect(output.text == text + "\n", sourceLocation: location)
    }

    @Test func accountsAreKept() async throws {
        let place = try Place()
        try await expect(["add", "Ada"], at: place, input: "correct horse\\n", "account Ada added")
        try await expect(
            ["add", "Rene\u{301}"], at: place, input: "correct horse\\r\\nmore\\n", "account Ren\u{e9} added")
        try await expect(
            ["add", "Ada"], at: place, input: "correct horse", "mqantserver account: there is an account Ada already",
            status: 1)
        try await expect(["password", "Ada"], at: place, input: "another horse", "account Ada has another password")
        try await expect(["disable", "Ada"], at: place, "account Ada disabled")
        let list = try await run(["account", "list", "--file", place.file])
        #expect(list.status == 0)
        #expect(list.text.hasPrefix("User  State     Created"))
        #expect(list.text.contains(#/Ada   disabled  20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ  20/#))
        #expect(list.text.contains("Ren\u{e9}  enabled"))
        let json = try await run(["account", "list", "--json", "--file", place.file])
        let objects = try #require(
            try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [[String: Any]])
        #expect(objects.map { $0["name"] as? String } == ["Ada", "Ren\u{e9}"])
        #expect(objects.map { $0["disabled"] as? Bool } == [true, false])
        #expect(objects.allSatisfy { Set($0.keys) == ["name", "disabled", "created", "changed"] })
        try await expect(["enable", "Ada"], at: place, "account Ada enabled")
        try await expect(["remove", "Ada"], at: place, "account Ada removed")
        for command in ["remove", "disable", "enable", "password"] {
            try await expect([command, "Ada"], at: place, "mqantserver account: there is no account Ada", status: 1)
        }
        #expect(try await !run(["account", "list", "--file", place.file]).text.contains("Ada"))
    }

    @Test(arguments: [
        ("\u{202e}adA", "correct horse", "the user name has a character that names must not have"),
        ("", "correct horse", "the user name is empty"), (" ", "correct horse", "the user name is blank"),
        ("Ada", "", "the password is shorter than 8 characters"),
        ("Ada", "\\n", "the password is shorter than 8 characters"),
        ("Ada", "1234567\\n", "the password is shorter than 8 characters"),
        ("Ada", String(repeating: "x", count: 1025), "the password is longer than 1024 bytes"),
        ("Ada", String(repeating: "x", count: 100_000), "the password is longer than 1024 bytes"),
        ("Ada", "\\0377\\0377\\0377\\0377\\0377\\0377\\0377\\0377", "the password is not UTF-8"),
    ])
    func whatIsNoneIsRefused(user: String, password: String, message: String) async throws {
        let place = try Place()
        try await expect(["add", user], at: place, input: password, "mqantserver account: \(message)", status: 1)
        #expect(try await run(["account", "list", "--file", place.file]).text.contains("Ada") == false)
    }

    @Test func theConfigurationNamesTheFile() async throws {
        let place = try Place()
        let added = try await run(
            ["account", "add", "Ada", "--conf", place.configuration], input: "correct horse\\n")
        #expect(added.text == "account Ada added\n")
        #expect(FileManager.default.fileExists(atPath: place.file))
        let open = try Place("{}")
        let none = try await run(["account", "list", "--conf", open.configuration])
        #expect(none.status == 1)
        #expect(
            none.text
                == "mqantserver account: no Login of \(open.configuration) has Accounts; name the file: --file FILE\n")
        let wrong = try await run(["account", "list", "--conf", "/nowhere"])
        #expect(wrong.status == 1)
        #expect(wrong.text.contains("/nowhere: there is no such file"))
        let missing = try await run(["account", "list", "--file", "\(place.folder)/none"])
        #expect(missing.status == 1)
        #expect(
            missing.text
                == "mqantserver account: \(place.folder)/none: there is no such file; the first account that is added makes it\n"
        )
        #expect(!FileManager.default.fileExists(atPath: "\(place.folder)/none"))
    }

    @Test func itWorksBesideAServerAndASecondServerDoesNot() async throws {
        let place = try Place()
        let server = try ServerProcess(["--conf", place.configuration])
        try await server.line(containing: "TCP Listen")
        try await expect(["add", "Ada"], at: place, input: "correct horse", "account Ada added")
        let second = try await ServerProcess(["--conf", place.configuration]).result()
        #expect(second.status == 1)
        #expect(second.errors.contains("module login-1 failed in init"))
        #expect(second.errors.contains("\(place.file): another server uses this file (process "))
        try await expect(["disable", "Ada"], at: place, "account Ada disabled")
        // A process that is killed holds nothing.
        server.signal(SIGKILL)
        _ = try await server.result()
        let third = try ServerProcess(["--conf", place.configuration])
        try await third.line(containing: "TCP Listen")
        third.signal(SIGTERM)
        let result = try await third.result()
        #expect(result.status == 0)
        #expect(!result.errors.contains("everybody gets in"))
    }

    @Test func aServerWithoutAccountsWarnsOnce() async throws {
        let place = try Place("{}")
        let server = try ServerProcess(["--conf", place.configuration])
        try await server.line(containing: "TCP Listen")
        server.signal(SIGTERM)
        let result = try await server.result()
        let lines = result.errors.split(separator: "\n").filter { $0.contains("everybody gets in as anybody") }
        #expect(lines.count == 1)
        #expect(lines.first?.contains("WARN") == true)
    }

    @Test func aBrokenFileEndsTheStart() async throws {
        let place = try Place()
        try String(repeating: "no database", count: 100).write(toFile: place.file, atomically: true, encoding: .utf8)
        let result = try await ServerProcess(["--conf", place.configuration]).result()
        #expect(result.status == 1)
        #expect(result.errors.contains("\(place.file): the file is broken"))
        let check = try await ServerProcess(["check", "--conf", place.configuration]).result()
        #expect(check.status == 0, "it looks at the configuration alone")
        let list = try await run(["account", "list", "--file", place.file])
        #expect(list.status == 1)
        #expect(list.text.contains("the file is broken"))
    }

    @Test func whoMayNotWriteIsToldSo() async throws {
        let place = try Place()
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: place.folder)
        let output = try OutputReader()
        let nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups"
        let program = try ChildProcess(
            [
                "/bin/sh", "-c",
                #"echo "correct horse" | \#(geteuid() == 0 ? nobody : "") "$0" account add Ada --file "$1""#,
                ServerProcess.binary.path, place.file,
            ],
            environment: ["PATH": "/usr/bin:/bin"], output: output.writeEnd)
        output.start()
        #expect(await output.waits(for: "\(place.file): its folder cannot be written: Permission denied"))
        #expect(await program.waitForExit() == 1)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: place.folder)
    }
}

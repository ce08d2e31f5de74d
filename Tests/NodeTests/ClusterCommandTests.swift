import Foundation
import Glibc
import MqantRabbitMQTestSupport
import Testing

/// `call` and `status` against a real node at a real broker.
@Suite(.timeLimit(.minutes(3)), .serialized) struct ClusterCommandTests {
    /// Runs a node with Login, Chat and Gate at the shared broker.
    private func withNode(_ body: (_ conf: String) async throws -> Void) async throws {
        let broker = try await SharedBroker.get()
        // Queues too: other tests at the same broker have the same Ids.
        let name = "commands-\(UUID().uuidString)"
        let text = """
            { "Module": {
                "Login": [ { "Id": "login-1", "Host": "127.0.0.1" } ],
                "Chat": [ { "Id": "chat-1", "Host": "127.0.0.1" } ],
                "Gate": [ { "Id": "gate-1", "Host": "127.0.0.1", "Settings": { "TCPAddr": "127.0.0.1:0" } } ] },
              "Rabbitmq": { "Uri": "\(broker.uri())", "Exchange": "\(name)", "Queue": "\(name)." } }
            """
        try await ServerProcess.withConfiguration(text) { path in
            let node = try ServerProcess(["--conf", path])
            try await node.line(containing: "TCP Listen")
            let result: Result<Void, any Error>
            do { result = .success(try await body(path)) } catch { result = .failure(error) }
            node.signal(SIGTERM)
            let end = try await node.result()
            try result.get()
            #expect(end.status == 0)
        }
    }

    @Test func callPrintsTheResultOrTheErrorWithItsStatus() async throws {
        try await withNode { conf in
            func call(_ arguments: String...) async throws -> ServerProcess.Result {
                try await ServerProcess(["call", "--conf", conf] + arguments).result()
            }
            let rand = try await call("Login", "getRand", #""abc""#)
            #expect(rand.status == 0)
            #expect(rand.output.hasPrefix(#""abc "#))
            #expect(try await call("--id", "login-1", "Login", "getRand", #""abc""#).status == 0)

            let unknown = try await call("Nobody", "getRand")
            #expect(unknown.status == 3)
            #expect(unknown.errors.contains("not-found: Service(type:Nobody) not found"))
            #expect(unknown.output.isEmpty)
            #expect(try await call("--id", "login-9", "Login", "getRand").status == 3)
            #expect(try await call("Login", "nope").status == 4)
            #expect(try await call("Login", "getRand", "7").status == 5)
            #expect(try await call("Login", "getRand").status == 5)
            #expect(try await call("Chat", "Handler_Say", "{}").status == 5)
            #expect(try await call("Login", "getRand", "abc").status == 64)
            #expect(try await call("--timeout", "0", "Login", "getRand").status == 64)

            let other = try await call("--id", "login-1", "Chat", "getRand", #""abc""#)
            #expect(other.status == 3)
            #expect(other.errors.contains("login-1 is a Login, not a Chat"))
        }
    }

    @Test func argumentsMayBeNegativeNumbersAndMustBeJSON() async throws {
        try await withNode { conf in
            func call(_ arguments: String...) async throws -> ServerProcess.Result {
                try await ServerProcess(["call", "Login", "getRand", "--conf", conf] + arguments).result()
            }
            for arguments in [["-5"], ["--", "-5"]] {
                let number = try await ServerProcess(["call", "--conf", conf, "Login", "getRand"] + arguments).result()
                #expect(number.status == 5, "a number where getRand takes a text: \(number.errors)")
            }
            #expect(try await call("-5", #""abc""#).errors.contains("must be a string"), "in their order")
            #expect(try await call(#""abc""#, "-5").errors.contains("too many arguments"), "in their order")
            let option = try await call("--tiemout", "3")
            #expect(option.status == 64)
            #expect(option.errors.contains("Unknown option '--tiemout'"))
            for text in ["", "-", "1.2.3", "{a:1}", "[01]", "\"a\nb\"", #""a" "b""#] {
                #expect(try await call(text).status == 64, "\(text)")
            }
        }
    }

    @Test func aResultThatCannotBePrintedIsAnError() async throws {
        try await withNode { conf in
            for (arguments, status) in [("call Login getRand '\"abc\"'", 11), ("status", 1)] {
                for (redirection, reason) in [(">&-", "Bad file descriptor"), (">/dev/full", "No space left")] {
                    let output = try OutputReader()
                    let script = #"exec "$0" \#(arguments) --conf "$1" 2>&1 \#(redirection)"#
                    let command = try ChildProcess(
                        ["/bin/sh", "-c", script, ServerProcess.binary.path, conf],
                        environment: ["PATH": "/usr/bin:/bin"], output: output.writeEnd)
                    output.start()
                    #expect(await output.waits(for: "cannot write to standard output: \(reason)"))
                    #expect(await command.waitForExit() == Int32(status))
                }
            }
        }
    }

    @Test func statusShowsEveryInstance() async throws {
        try await withNode { conf in
            let table = try await ServerProcess(["status", "--conf", conf]).result()
            #expect(table.status == 0)
            for text in ["TYPE", "login-1", "chat-1", "gate-1", "0 sessions"] {
                #expect(table.output.contains(text), "\(text) in \(table.output)")
            }
            let json = try await ServerProcess(["status", "--json", "--conf", conf]).result()
            let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
            #expect(Set(rows.compactMap { $0["id"] as? String }) == ["login-1", "chat-1", "gate-1"])
            #expect(rows.allSatisfy { ($0["status"] as? [String: Any])?["uptime"] is Double })
        }
    }

    @Test func aBrokerThatIsNotThereIsSaidInOneLineWithoutItsPassword() async throws {
        let port = try FreePort.find()
        let text = """
            { "Module": { "Login": [ { "Id": "login-1", "Host": "127.0.0.1" } ] },
              "Rabbitmq": { "Uri": "amqp://joe:hunter2@127.0.0.1:\(port)/" } }
            """
        try await ServerProcess.withConfiguration(text) { path in
            let result = try await ServerProcess(["status", "--conf", path]).result()
            #expect(result.status == 1)
            #expect(result.errors.contains("127.0.0.1:\(port)"))
            #expect(!result.errors.contains("hunter2"))
        }
    }

    @Test func withoutABrokerThereIsNothingToCallThrough() async throws {
        let text = #"{ "Module": { "Login": [ { "Id": "login-1", "Host": "127.0.0.1" } ] } }"#
        try await ServerProcess.withConfiguration(text) { path in
            let result = try await ServerProcess(["call", "--conf", path, "Login", "getRand"]).result()
            #expect(result.status == 1)
            #expect(result.errors.contains("names no broker"))
        }
    }
}

import Foundation
import MqantRabbitMQTestSupport
import Testing

/// The real program: what it prints, and the status with which it ends.
@Suite(.timeLimit(.minutes(2))) struct CommandLineTests {
    private static let demo = """
        { "Module": {
            "Gate": [ { "Id": "gate-1", "Host": "127.0.0.1", "Settings": { "TCPAddr": "127.0.0.1:0", "WSAddr": "127.0.0.1:0" } } ],
            "Login": [ { "Id": "login-1", "Host": "127.0.0.1" } ],
            "Chat": [ { "Id": "chat-1", "Host": "127.0.0.1" } ] } }
        """

    @Test(arguments: [(SIGINT, "interrupt"), (SIGTERM, "terminated")])
    func signalsEndItWithStatusZero(signal: Int32, name: String) async throws {
        try await ServerProcess.withConfiguration(Self.demo) { path in
            let server = try ServerProcess(["--conf", path])
            _ = try await server.line(containing: "mqantserver 0.2.0 starting up")
            _ = try await server.line(containing: "RPCServer listening id(chat-1)")
            _ = try await server.line(containing: "WS Listen : 127.0.0.1:")
            _ = try await server.line(containing: "TCP Listen : 127.0.0.1:")
            server.signal(signal)
            let result = try await server.result()
            #expect(result.status == 0)
            #expect(result.errors.contains("mqantserver closing down (signal: \(name))"))
            let closed = result.errors.split(separator: "\n").compactMap { line in
                line.split(separator: "INFO  RPCServer close success ").dropFirst().first
            }
            #expect(closed == ["id(gate-1)", "id(chat-1)", "id(login-1)"], "the reverse order of the start")
        }
    }

    @Test func signalsWithoutAMeaningEndNothing() async throws {
        try await ServerProcess.withConfiguration(Self.demo) { path in
            let server = try ServerProcess(["--conf", path])
            try await server.line(containing: "TCP Listen")
            for (signal, name) in [(SIGHUP, "SIGHUP"), (SIGUSR1, "SIGUSR1"), (SIGUSR2, "SIGUSR2"), (SIGHUP, "SIGHUP")] {
                server.signal(signal)
                let line = try await server.line(containing: "signal=\(name)")
                #expect(line.contains("NOTE"))
            }
            server.signal(SIGTERM)
            let result = try await server.result()
            #expect(result.status == 0)
            #expect(result.errors.contains("closing down (signal: terminated)"))
        }
    }

    @Test func aHangUpThatWasIgnoredStaysIgnored() async throws {
        try await ServerProcess.withConfiguration(Self.demo) { path in
            let output = try OutputReader()
            let server = try ChildProcess(
                ["/bin/sh", "-c", #"trap '' HUP; exec "$0" --conf "$1""#, ServerProcess.binary.path, path],
                environment: ["PATH": "/usr/bin:/bin"], output: output.writeEnd)
            output.start()
            #expect(await output.waits(for: "TCP Listen"))
            server.signal(SIGHUP)
            server.signal(SIGUSR1)
            #expect(await output.waits(for: "signal=SIGUSR1"))
            server.signal(SIGTERM)
            #expect(await server.waitForExit() == 0)
            #expect(!output.text.contains("SIGHUP"))
        }
    }

    @Test func numbersComeFromTheEnvironment() async throws {
        let text = Self.demo.replacingOccurrences(
            of: #""TCPAddr": "127.0.0.1:0""#,
            with: #""TCPAddr": "${ADDRESS}", "MaxConnNum": "${MAX:-20000}", "Tls": "${TLS:-false}""#)
        try await ServerProcess.withConfiguration(text) { path in
            let address = ["ADDRESS": "127.0.0.1:4711"]
            let result = try await ServerProcess(["check", "--conf", path], environment: address).result()
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("MQTT over TCP 127.0.0.1:4711"))
            let environment = address.merging(["MAX": "many", "TLS": "maybe"]) { $1 }
            let wrong = try await ServerProcess(["check", "--conf", path], environment: environment).result()
            #expect(wrong.status == 1)
            #expect(
                wrong.errors.contains(#"MaxConnNum: must be a whole number from 1 to 10000000, but ${MAX} is "many""#))
            #expect(wrong.errors.contains(#"Tls: must be true or false, but ${TLS} is "maybe""#))
        }
    }

    @Test func aModuleThatCannotStartIsNamed() async throws {
        let text = Self.demo.replacingOccurrences(
            of: "\"Chat\"",
            with: #""Web": [ { "Id": "web-1", "Host": "127.0.0.1", "Settings": { "Root": "/nowhere" } } ], "Chat""#)
        try await ServerProcess.withConfiguration(text) { path in
            let result = try await ServerProcess(["--conf", path]).result()
            #expect(result.status == 1)
            #expect(result.errors.contains("module web-1 failed in init"))
            #expect(result.errors.contains("there is no index.html in /nowhere"))
        }
    }

    @Test func aPortInUseIsNamedWithItsModule() async throws {
        try await ServerProcess.withConfiguration(Self.demo) { path in
            let first = try ServerProcess(["--conf", path])
            let line = try await first.line(containing: "TCP Listen")
            let port = try #require(line.split(separator: ":").last?.split(separator: " ").first)
            let text = Self.demo.replacingOccurrences(
                of: #""TCPAddr": "127.0.0.1:0""#, with: #""TCPAddr": "127.0.0.1:\#(port)""#)
            try await ServerProcess.withConfiguration(text) { path in
                let second = try await ServerProcess(["--conf", path]).result()
                #expect(second.status == 1)
                #expect(second.errors.contains("module gate-1 failed in run: cannot listen on 127.0.0.1:\(port)"))
            }
            first.signal(SIGINT)
            #expect(try await first.result().status == 0)
        }
    }

    @Test func aTypeThatItDoesNotHaveIsToldOf() async throws {
        let entries = #"{ "Id": "chat-2", "Host": "127.0.0.1" }, { "Id": "chat-3", "Host": "203.0.113.9" }"#
        let text = Self.demo.replacingOccurrences(of: #""Chat":"#, with: #""Chatt": [ \#(entries) ], "Chat":"#)
        try await ServerProcess.withConfiguration(text) { path in
            let server = try ServerProcess(["--conf", path])
            let line = try await server.line(containing: "no such module type in this program")
            #expect(line.contains("WARN") && line.contains("type=Chatt") && line.contains("instance=chat-2"))
            #expect(line.contains("nearest=Chat"))
            try await server.line(containing: "TCP Listen")
            server.signal(SIGTERM)
            let result = try await server.result()
            #expect(result.status == 0)
            #expect(!result.errors.contains("chat-3"), "another machine's affair")
        }
    }

    @Test func checkSaysWhatStartsAndNoSecret() async throws {
        let text = Self.demo.replacingOccurrences(
            of: #"{ "Module""#,
            with: #"{ "Rabbitmq": { "Uri": "amqp://user:${SECRET}@10.1.2.3/", "Exchange": "x" }, "Module""#)
        try await ServerProcess.withConfiguration(text) { path in
            let result = try await ServerProcess(["check", "--conf", path], environment: ["SECRET": "hunter2"]).result()
            #expect(result.status == 0)
            #expect(result.output.contains("gate-1"))
            #expect(result.output.contains("10.1.2.3"))
            #expect(!result.output.contains("hunter2"))
            #expect(!result.errors.contains("hunter2"))
        }
    }

    @Test func allFaultsOfAConfigurationComeAtOnce() async throws {
        let text = """
            { "Module": {
                "Gate": [ { "Id": "a", "Host": "127.0.0.1", "Settings": { "TCPAddr": "nonsense", "MaxMsgLne": 1 } } ],
                "Chat": [ { "Id": "a", "Host": "10.0.0.0/99" } ] } }
            """
        try await ServerProcess.withConfiguration(text) { path in
            for arguments in [["--conf", path], ["check", "--conf", path]] {
                let result = try await ServerProcess(arguments).result()
                #expect(result.status == 1)
                for part in [
                    "TCPAddr", "MaxMsgLne", "MaxMsgLen", "Module.Chat[0].Id", "Module.Chat[0].Host", ":2:", ":3:",
                ] {
                    #expect(result.errors.contains(part), "\(part) in \(result.errors)")
                }
            }
        }
    }

    @Test func aFileThatIsNotThereAndFlagsThatAreNone() async throws {
        let missing = try await ServerProcess(["--conf", "/no/such/file"]).result()
        #expect(missing.status == 1)
        #expect(missing.errors.contains("/no/such/file"))
        let flag = try await ServerProcess(["--cnof", "x"]).result()
        #expect(flag.status == 64)
        let host = try await ServerProcess(["check", "--host", "not an address!"]).result()
        #expect(host.status == 1)
    }

    @Test func itTakesAllOpenFilesThatTheSystemAllows() async throws {
        try await ServerProcess.withConfiguration(Self.demo) { path in
            let output = try OutputReader()
            let script = #"ulimit -Sn 200 && ulimit -Hn 300 && exec "$0" --conf "$1""#
            let server = try ChildProcess(
                ["/bin/sh", "-c", script, ServerProcess.binary.path, path], environment: ["PATH": "/usr/bin:/bin"],
                output: output.writeEnd)
            output.start()
            #expect(await output.waits(for: "TCP Listen"))
            let limits = try String(contentsOfFile: "/proc/\(server.pid)/limits", encoding: .utf8)
            let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
            #expect(line?.split(separator: " ").dropFirst(3).prefix(2) == ["300", "300"])
            server.signal(SIGTERM)
            #expect(await server.waitForExit() == 0)
        }
    }

    @Test func nobodyInParticularMayRunIt() async throws {
        // What only root may do, such as setting some options of sockets, must not be a part of serving a client.
        let port = try FreePort.find()
        let text = Self.demo.replacingOccurrences(
            of: #""TCPAddr": "127.0.0.1:0""#, with: #""TCPAddr": "127.0.0.1:\#(port)""#)
        try await ServerProcess.withConfiguration(text) { path in
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            let output = try OutputReader()
            let nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs"
            let server = try ChildProcess(
                [
                    "/bin/sh", "-c", #"exec \#(geteuid() == 0 ? nobody : "") "$0" --conf "$1""#,
                    ServerProcess.binary.path, path,
                ],
                environment: ["PATH": "/usr/bin:/bin"], output: output.writeEnd)
            output.start()
            #expect(await output.waits(for: "TCP Listen"))
            let health = try await ServerProcess(["health", "--conf", path]).result()
            #expect(health.status == 0, "\(health.errors)")
            server.signal(SIGTERM)
            #expect(await server.waitForExit() == 0)
        }
    }

    @Test func nothingToStartHereIsAnError() async throws {
        let text = Self.demo.replacingOccurrences(of: #""Host": "127.0.0.1""#, with: #""Host": "203.0.113.9""#)
        try await ServerProcess.withConfiguration(text) { path in
            let result = try await ServerProcess(["--conf", path]).result()
            #expect(result.status == 1)
            #expect(result.errors.contains("no module of \(path) starts on this machine"))
            let elsewhere = try ServerProcess(["--conf", path, "--host", "203.0.113.9"])
            _ = try await elsewhere.line(containing: "TCP Listen")
            elsewhere.signal(SIGTERM)
            #expect(try await elsewhere.result().status == 0)
        }
    }
}

import Foundation
import Glibc
import MqantRabbitMQTestSupport
import Testing

/// The program where standard input, output and error are not what one expects.
@Suite(.timeLimit(.minutes(2))) struct StandardStreamsTests {
    /// A server's configuration, with a port that `health` can ask.
    private func withConfiguration(_ body: (_ conf: String) async throws -> Void) async throws {
        let text = """
            { "Module": {
                "Gate": [ { "Id": "gate-1", "Host": "127.0.0.1",
                            "Settings": { "TCPAddr": "127.0.0.1:\(try FreePort.find())" } } ],
                "Login": [ { "Id": "login-1", "Host": "127.0.0.1" } ] } }
            """
        try await ServerProcess.withConfiguration(text, body)
    }

    /// Runs a shell with `$0` the program and `$1` the configuration.
    private func shell(_ script: String, _ conf: String) throws -> (ChildProcess, OutputReader) {
        let output = try OutputReader()
        let child = try ChildProcess(
            ["/bin/sh", "-c", script, ServerProcess.binary.path, conf], environment: ["PATH": "/usr/bin:/bin"],
            output: output.writeEnd)
        output.start()
        return (child, output)
    }

    /// Asks until it is; each time is a process of its own.
    private func isUp(_ conf: String) async throws -> Bool {
        for _ in 0..<200 where try await ServerProcess(["health", "--conf", conf]).result().status == 0 { return true }
        return false
    }

    @Test func streamsThatAreClosedBecomeNothingElse() async throws {
        try await withConfiguration { conf in
            let (server, _) = try shell(#"exec "$0" --conf "$1" <&- >&- 2>&-"#, conf)
            #expect(try await isUp(conf))
            for descriptor in 0...2 {
                let target = try FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/\(server.pid)/fd/\(descriptor)")
                #expect(target == "/dev/null")
            }
            server.signal(SIGTERM)
            #expect(await server.waitForExit() == 0)
        }
    }

    @Test func theServerOutlivesWhoReadsItsLog() async throws {
        try await withConfiguration { conf in
            // Only the first line is read.
            let script = #"""
                exec 3>&1
                { "$0" --conf "$1" 2>&1 3>&- & echo "pid $! ," >&3; wait $!; echo "status $? ." >&3; } | head -n 1 >&3
                """#
            let (child, output) = try shell(script, conf)
            #expect(await output.waits(for: "starting up"))
            try #require(await output.waits(for: " ,"))
            let words = output.text.split(whereSeparator: \.isWhitespace)
            let server = try #require(words.firstIndex(of: "pid").flatMap { pid_t(words[$0 + 1]) })
            #expect(try await isUp(conf))
            kill(server, SIGTERM)
            #expect(await output.waits(for: "status 0 ."))
            #expect(await child.waitForExit() == 0)
        }
    }

    @Test(
        arguments: [(">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")],
        [#"check --conf "$1""#, "--help", "--version", "help status", "call --help"])
    func whatCannotBePrintedIsAnError(redirection: (String, reason: String), command: String) async throws {
        try await withConfiguration { conf in
            let (child, output) = try shell(#"exec "$0" \#(command) 2>&1 \#(redirection.0)"#, conf)
            #expect(await output.waits(for: "cannot write to standard output: \(redirection.reason)"))
            #expect(await child.waitForExit() == 1)
        }
    }

    @Test func aCheckThatCannotSayThatAllIsWellFails() async throws {
        try await withConfiguration { conf in
            let server = try ServerProcess(["--conf", conf])
            try await server.line(containing: "TCP Listen")
            let (health, output) = try shell(#"exec "$0" health --conf "$1" 2>&1 >/dev/full"#, conf)
            #expect(await output.waits(for: "cannot write to standard output: No space left on device"))
            #expect(await health.waitForExit() == 1)
            server.signal(SIGTERM)
            #expect(try await server.result().status == 0)
        }
    }

    @Test func helpAndTheVersionAreStillPrinted() async throws {
        for (arguments, text) in [
            (["--version"], "0.2.0\n"), (["--help"], "USAGE: mqantserver"), (["help", "call"], "call"),
        ] {
            let result = try await ServerProcess(arguments).result()
            #expect(result.status == 0)
            #expect(result.output.contains(text))
            #expect(result.errors.isEmpty)
        }
        let wrong = try await ServerProcess(["status", "--nothing\u{1b}"]).result()
        #expect(wrong.status == 64)
        #expect(wrong.output.isEmpty)
        #expect(wrong.errors.contains("Usage: mqantserver status") && !wrong.errors.contains("\u{1b}"))
    }
}

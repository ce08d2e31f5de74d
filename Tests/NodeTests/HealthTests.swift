import Foundation
import Glibc
import MqantRabbitMQTestSupport
import Testing

/// `mqantserver health` beside a real node.
@Suite(.timeLimit(.minutes(3)), .serialized) struct HealthTests {
    /// A configuration with fixed ports, for the check must know them.
    private struct Ports {
        let tcp: UInt16
        let webSocket: UInt16
        let http: UInt16

        init() throws { (tcp, webSocket, http) = (try FreePort.find(), try FreePort.find(), try FreePort.find()) }

        func configuration(_ settings: String = "", connections: Int = 100, rest: String = "") -> String {
            """
            { "Module": {
                "Login": [ { "Id": "login-1", "Host": "127.0.0.1" } ],
                "Web": [ { "Id": "web-1", "Host": "127.0.0.1", "Settings": { "Addr": "127.0.0.1:\(http)" } } ],
                "Gate": [ { "Id": "gate-1", "Host": "127.0.0.1", "Settings": {
                    "MaxConnNum": \(connections), "TCPAddr": ":\(tcp)", "WSAddr": "127.0.0.1:\(webSocket)"\(settings) } } ] }\(rest) }
            """
        }
    }

    private func health(_ conf: String, _ arguments: String...) async throws -> ServerProcess.Result {
        try await ServerProcess(["health", "--conf", conf] + arguments).result()
    }

    /// The check fails, and says why in one line.
    private func expectDown(
        _ result: ServerProcess.Result, _ texts: String..., location: SourceLocation = #_sourceLocation
    ) {
        #expect(result.status == 1, sourceLocation: location)
        #expect(result.output.isEmpty, sourceLocation: location)
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)", sourceLocation: location)
        for text in texts {
            #expect(result.errors.contains(text), "\(text) in \(result.errors)", sourceLocation: location)
        }
    }

    private func withServer(_ conf: String, _ body: (ServerProcess) async throws -> Void) async throws {
        let server = try ServerProcess(["--conf", conf, "--log-level", "info"])
        // Of three, in any order.
        for _ in 0..<3 { try await server.line(containing: " Listen : ") }
        let result: Result<Void, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        server.signal(SIGCONT)
        server.signal(SIGTERM)
        let end = try await server.result()
        try result.get()
        #expect(end.status == 0)
        // But where the Gate is full, which it says itself. Login has said at the start that it has no accounts.
        let lines = end.errors.split(separator: "\n").filter {
            !$0.contains("all places are taken") && !$0.contains("everybody gets in")
        }
        #expect(!lines.contains { $0.contains("WARN") || $0.contains("ERROR") }, "a check leaves no trace: \(lines)")
    }

    @Test func withoutABrokerTheListenersAreAsked() async throws {
        try await ServerProcess.withConfiguration(Ports().configuration()) { conf in
            try await expectDown(health(conf), "not up: ", "takes no connection")
            try await withServer(conf) { server in
                let up = try await health(conf)
                #expect(up.status == 0)
                #expect(up.output == "up: login-1, web-1, gate-1\n" || up.output == "up: gate-1, login-1, web-1\n")
                #expect(up.errors.isEmpty)
                try await server.stop()
                try await expectDown(health(conf), "takes connections, and does not answer")
            }
            try await expectDown(health(conf), "takes no connection")
        }
    }

    @Test func aGateWithTLSIsAskedWithTLS() async throws {
        let certificates = try #require(await SharedBroker.get().certificates)
        let settings =
            #", "Tls": true, "CertFile": "\#(certificates.serverCertificate)", "KeyFile": "\#(certificates.serverKey)""#
        try await ServerProcess.withConfiguration(Ports().configuration(settings)) { conf in
            try await withServer(conf) { _ in
                let up = try await health(conf)
                #expect(up.status == 0, "\(up.errors)")
            }
        }
    }

    @Test func aGateThatIsFullOrSpeaksSomethingElseIsNotUp() async throws {
        let ports = try Ports()
        try await ServerProcess.withConfiguration(ports.configuration(connections: 1)) { conf in
            try await withServer(conf) { _ in
                let client = try Connection(to: ports.tcp)
                // The client's own connection is accepted, and only then the place is taken.
                client.send([0x10, 12, 0, 4] + Array("MQTT".utf8) + [4, 2, 0, 0, 0, 0])
                #expect(client.receive(4) == [0x20, 2, 0, 0])
                try await expectDown(health(conf), "gate-1: MQTT over", "closes connections without an answer")
            }
            let swapped = try String(contentsOfFile: conf, encoding: .utf8)
                .replacingOccurrences(of: "\(ports.webSocket)", with: "?")
                .replacingOccurrences(of: "\(ports.tcp)", with: "\(ports.webSocket)")
                .replacingOccurrences(of: "?", with: "\(ports.tcp)")
                .replacingOccurrences(of: #""MaxConnNum": 1,"#, with: #""MaxConnNum": 9,"#)
            try await ServerProcess.withConfiguration(swapped) { swapped in
                try await withServer(swapped) { _ in
                    let up = try await health(swapped)
                    #expect(up.status == 0, "\(up.errors)")
                    try await expectDown(health(conf), "gate-1: MQTT over")
                }
            }
        }
    }

    @Test func throughABrokerEveryInstanceAnswers() async throws {
        let broker = try await SharedBroker.get()
        // Queues too: other tests at the same broker have the same Ids.
        let name = "health-\(UUID().uuidString)"
        let rest = #", "Rabbitmq": { "Uri": "\#(broker.uri())", "Exchange": "\#(name)", "Queue": "\#(name)." }"#
        try await ServerProcess.withConfiguration(Ports().configuration(rest: rest)) { conf in
            try await withServer(conf) { server in
                let up = try await health(conf)
                #expect(up.status == 0, "\(up.errors)")
                #expect(up.output.hasPrefix("up: "))
                // This node is at the broker, and not the one that would start here with this --host.
                try await expectDown(health(conf, "--host", "203.0.113.9"), "is on another machine")
            }
        }
        // Nothing listens: only the broker can tell.
        let lone = #"{ "Module": { "Login": [ { "Id": "login-2", "Host": "127.0.0.1" } ] }\#(rest) }"#
        try await ServerProcess.withConfiguration(lone) { conf in
            try await expectDown(health(conf), "login-2 is not known at the broker")
            let server = try ServerProcess(["--conf", conf])
            try await server.line(containing: "listening id(login-2)")
            let up = try await health(conf)
            #expect(up.status == 0, "\(up.errors)")
            try await server.stop()
            try await expectDown(health(conf), "login-2")
            server.signal(SIGCONT)
            server.signal(SIGTERM)
            #expect(try await server.result().status == 0)
        }
    }

    @Test func aBrokerThatIsNotThereOrHangsIsSaidInTimeAndWithoutItsPassword() async throws {
        let silent = try SilentListener()
        for port in [try FreePort.find(), silent.port] {
            let text = """
                { "Module": { "Login": [ { "Id": "login-1", "Host": "127.0.0.1" } ] },
                  "Rabbitmq": { "Uri": "amqp://joe:hunter2@127.0.0.1:\(port)/" } }
                """
            try await ServerProcess.withConfiguration(text) { conf in
                let began = ContinuousClock.now
                let down = try await health(conf)
                expectDown(down, "127.0.0.1:\(port)")
                #expect(!down.errors.contains("hunter2"))
                // 3 s, and what a busy machine needs to start a program.
                #expect(ContinuousClock.now - began < .seconds(6))
            }
        }
    }

    @Test func nothingHereAndNobodyToAskAreNotHealthy() async throws {
        let elsewhere = #"{ "Module": { "Login": [ { "Id": "login-1", "Host": "203.0.113.9" } ] } }"#
        try await ServerProcess.withConfiguration(elsewhere) { conf in
            try await expectDown(health(conf), "no module of \(conf) starts on this machine")
            try await expectDown(health(conf, "--host", "203.0.113.9"), "there is nobody to ask")
        }
        let missing = try await health("/no/such/file")
        #expect(missing.status == 1)
        #expect(missing.errors.contains("/no/such/file"))
        let usage = try await health("/no/such/file", "--timeout", "0")
        #expect(usage.status == 64)
    }
}

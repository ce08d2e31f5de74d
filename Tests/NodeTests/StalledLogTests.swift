import Foundation
import Glibc
import MqantMQTTTestSupport
import MqantRabbitMQTestSupport
import Testing

/// A server whose log nobody reads.
@Suite(.timeLimit(.minutes(2))) struct StalledLogTests {
    @Test func clientsAreServedAndTheEndComes() async throws {
        let port = try FreePort.find()
        let text = """
            { "Module": {
                "Gate": [ { "Id": "gate-1", "Host": "127.0.0.1", "Settings": { "TCPAddr": "127.0.0.1:\(port)" } } ],
                "Login": [ { "Id": "login-1", "Host": "127.0.0.1" } ] } }
            """
        try await ServerProcess.withConfiguration(text) { path in
            // Its reading end is open, and is not read; one page fits, of which the lines of the start take a part.
            let output = try OutputReader()
            defer { close(output.writeEnd) }
            #expect(fcntl(output.writeEnd, 1031, 4096) == 4096)
            let server = try ChildProcess(
                [ServerProcess.binary.path, "--conf", path, "--log-level", "debug"],
                environment: ["PATH": "/usr/bin:/bin"], output: output.writeEnd)
            defer { server.signal(SIGKILL) }
            var isUp = false
            for _ in 0..<200 where !isUp {
                isUp = try await ServerProcess(["health", "--conf", path]).result().status == 0
            }
            try #require(isUp)
            let client = try await TestClient.connected(port: Int(port))
            let name = String(repeating: "x", count: 100)
            for index in 0..<200 {
                let request = #"{"userName":"\#(name)-\#(index)","passWord":"x"}"#
                #expect(try await client.ask("Login/Handler_Login/\(index)", request).contains("login success"))
            }
            let began = ContinuousClock.now
            server.signal(SIGTERM)
            #expect(await server.waitForExit() == 0)
            #expect(ContinuousClock.now - began < .seconds(8))
        }
    }
}

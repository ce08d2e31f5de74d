import Foundation
import Glibc
import MqantMQTTTestSupport
import MqantRPC
import MqantRabbitMQTestSupport
import Testing

/// What `mqantserver status` tells of real nodes at a real broker.
@Suite(.timeLimit(.minutes(3)), .serialized) struct StatusCommandTests {
    /// A row of `--json`.
    private struct Row: Decodable {
        struct Status: Decodable {
            var uptime: Double
            var running: Int
            var waiting: Int
            var calls: Int
            var errors: Int
            var p99: Int?
            var gauges: [String: Int]
        }

        var id: String
        var type: String
        var node: String
        var host: String
        var unreachable: Bool
        var status: Status?
        var callsPerSecond: Double?
    }

    private func rows(_ conf: String) async throws -> [String: Row] {
        let result = try await ServerProcess(["status", "--json", "--conf", conf]).result()
        #expect(result.status == 0, "\(result.errors)")
        let rows = try JSONDecoder().decode([Row].self, from: Data(result.bytes))
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
    }

    /// The line of an instance in the table.
    private func line(_ conf: String, _ ids: String...) async throws -> [String] {
        let result = try await ServerProcess(["status", "--conf", conf]).result()
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n").map(String.init)
        return try ids.map { id in
            try #require(lines.first { $0.contains(" \(id) ") }, "\(id) in \(result.output)")
        }
    }

    @Test func everyFigureOfInstancesThatWork() async throws {
        try await WorkNode.run { configuration in
            configuration.maxInFlight = 1
        } _: { work, conf in
            let server = try ServerProcess(["--conf", conf])
            let listening = try await server.line(containing: "TCP Listen : 127.0.0.1:")
            let port = try #require(listening.firstMatch(of: /127\.0\.0\.1:([0-9]+)/).flatMap { Int($0.1) })
            let client = try await TestClient.connected(port: port)
            let login = #"{"userName":"zoe","passWord":"demo"}"#
            _ = try await client.ask("Login/Handler_Login/0", login)
            let refused = try await client.ask("Chat/Handler_Say/1", #"{"roomName":"nowhere","say":"x"}"#)
            #expect(!refused.hasPrefix(#"{"Error":"""#))

            // One call runs, and one waits for its end.
            let holders = try [1, 2].map { _ in
                try ServerProcess(["call", "--conf", conf, "--timeout", "100", "Work", "wait"])
            }
            // Both are counted by the server, which tells nobody.
            while work.server.load.waiting == 0 { try await Task.sleep(for: .milliseconds(5)) }
            let calls = Task {
                for number in 2... { _ = try await client.ask("Login/Handler_Login/\(number)", login) }
            }
            let rows = try await rows(conf)
            let lines = try await line(conf, work.id, "gate-w")
            calls.cancel()
            _ = await calls.result

            #expect(Set(rows.keys) == ["chat-w", "gate-w", "login-w", work.id])
            let held = try #require(rows[work.id])
            #expect(held.type == "Work" && held.node == "work-node" && held.host == "10.1.2.3" && !held.unreachable)
            #expect(held.status?.running == 1 && held.status?.waiting == 1 && held.status?.calls == 0)
            #expect(held.callsPerSecond == 0 && held.status?.p99 == nil)
            let logins = try #require(rows["login-w"])
            #expect(try #require(logins.callsPerSecond) > 0)
            #expect(try #require(logins.status?.p99) > 0 && logins.status?.errors == 0)
            #expect(try #require(logins.status?.uptime) > 0)
            #expect(logins.node.hasPrefix("node-") && logins.node == rows["gate-w"]?.node)
            #expect(!logins.host.isEmpty && logins.host == rows["gate-w"]?.host)
            #expect(rows["chat-w"]?.status?.errors == 1 && rows["chat-w"]?.status?.calls == 1)
            let gauges = try #require(rows["gate-w"]?.status?.gauges)
            #expect(
                gauges.filter { !$0.key.hasPrefix("ended.") }
                    == ["sessions": 1, "stalled": 0, "refused": 0, "turned away": 0])
            // Nobody has been cut off; the table does not show that.
            #expect(gauges["ended.silent"] == 0 && gauges["ended.kicked"] == 0)

            for text in ["10.1.2.3", "work-node", "1 + 1 waiting"] { #expect(lines[0].contains(text), "\(lines[0])") }
            #expect(lines[1].hasSuffix("0 refused, 1 sessions, 0 stalled, 0 turned away"))

            for holder in holders { holder.signal(SIGKILL) }
            for holder in holders { _ = try await holder.result() }
            server.signal(SIGTERM)
            #expect(try await server.result().status == 0)
        }
    }

    @Test func whoDoesNotAnswerAndWhoFellSilent() async throws {
        try await WorkNode.run { work, conf in
            let quiet = try await QuietNodes(exchange: work.exchange)
            let rows = try await rows(conf)
            #expect(Set(rows.keys) == [work.id, "mute:Quiet", "silent:Quiet"])
            for (id, isSilent) in [("mute:Quiet", false), ("silent:Quiet", true)] {
                let row = try #require(rows[id])
                #expect(row.unreachable == isSilent, "\(id)")
                #expect(row.host == "10.9.9.9" && row.status == nil && row.callsPerSecond == nil)
            }
            #expect(rows[work.id]?.unreachable == false && rows[work.id]?.status != nil)
            await quiet.close()

            let others = try await QuietNodes(exchange: work.exchange)
            let lines = try await line(conf, "mute:Quiet", "silent:Quiet")
            #expect(lines[0].hasSuffix("  no answer") && lines[1].hasSuffix("  unreachable"), "\(lines)")
            await others.close()
        }
    }
}

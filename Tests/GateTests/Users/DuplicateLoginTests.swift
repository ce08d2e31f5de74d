import Mqant
import MqantMQTTTestSupport
import MqantRPC
import NIOCore
import Testing

@testable import MqantGate

/// One user, one session: at one Gate, and at two.
@Suite struct DuplicateLoginTests {
    private static let kicked = #"{"reason":"the user logged in elsewhere"}"#

    private static func register(_ server: RPCServer) throws {
        try server.register("Handler_Bind") { (session: Session, user: String) in try await session.bind(user) }
        try server.register("Handler_Unbind") { (session: Session, _: Int) in try await session.unbind() }
    }

    /// Two Gates in one cluster, each a node of its own.
    private static func withTwoGates(
        _ policy: String, _ body: @escaping @Sendable (GateHarness, GateHarness) async throws -> Void
    ) async throws {
        let hub = InProcessHub()
        let settings = #""DuplicateLogin": "\#(policy)""#
        try await GateHarness.run(settings: settings, hub: hub, name: "one", register: register) { one in
            try await GateHarness.run(settings: settings, hub: hub, name: "two", register: register) { two in
                try await body(one, two)
            }
        }
    }

    private func bind(_ client: TestClient, _ id: Int = 1) async throws -> String {
        try await client.ask("Test/Handler_Bind/\(id)", #""joe""#)
    }

    @Test func bindsOfOneSessionAtTheSameTimeHaveTheirTurns() async throws {
        try await GateHarness.run { server in
            try server.register("Handler_ID") { (session: Session, _: Int) in session.id }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            let reply = try await client.ask("Test/Handler_ID/1", "0")
            let digits = try #require(reply.split(separator: "\"").first { $0.count == 32 })
            let id = try #require(SessionID(String(digits)))
            let users = (0..<50).map { "user-\($0)" }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for user in users { group.addTask { _ = try await harness.gate.functions.bind(id, to: user) } }
                try await group.waitForAll()
            }
            var bound: [String] = []
            for user in users {
                if try await harness.node.pushConfirmed(.probe(.user(user))) == .routed { bound.append(user) }
            }
            #expect(bound.count == 1, "one of them is left, and nothing of the others")
        }
    }

    @Test(arguments: [true, false])
    func kickEndsTheOlderSession(atOneGate: Bool) async throws {
        try await Self.withTwoGates("kick") { one, two in
            let older = try await TestClient.connected(port: one.port)
            #expect(try await bind(older) == #"{"Error":"","Result":null}"#)
            let newer = try await TestClient.connected(port: atOneGate ? one.port : two.port)
            #expect(try await bind(newer) == #"{"Error":"","Result":null}"#)
            #expect(try await older.push(on: "Gate/OnKick") == Self.kicked)
            await older.closed()

            // What the older one's end did has not touched the newer one.
            let push = GroupPush(group: .user("joe"), topic: "t", qos: 0, body: ByteBuffer(string: "to joe"))
            #expect(try await one.node.pushConfirmed(push) == .routed)
            #expect(try await newer.push(on: "t") == "to joe")
        }
    }

    @Test(arguments: [true, false])
    func refuseKeepsTheOlderSession(atOneGate: Bool) async throws {
        try await Self.withTwoGates("refuse") { one, two in
            let older = try await TestClient.connected(port: one.port)
            #expect(try await bind(older) == #"{"Error":"","Result":null}"#)
            let newer = try await TestClient.connected(port: atOneGate ? one.port : two.port)
            #expect(try await bind(newer).contains("joe is logged in elsewhere"))
            // It is still connected, and may be the user once the older one is not.
            #expect(try await older.ask("Test/Handler_Unbind/2", "0") == #"{"Error":"","Result":null}"#)
            #expect(try await bind(newer, 3) == #"{"Error":"","Result":null}"#)
        }
    }

    @Test func allowKeepsBoth() async throws {
        try await Self.withTwoGates("allow") { one, two in
            let clients = [
                try await TestClient.connected(port: one.port), try await TestClient.connected(port: one.port),
                try await TestClient.connected(port: two.port),
            ]
            for client in clients { #expect(try await bind(client) == #"{"Error":"","Result":null}"#) }
            let push = GroupPush(group: .user("joe"), topic: "t", qos: 0, body: ByteBuffer(string: "to all"))
            #expect(try await one.node.pushConfirmed(push) == .routed)
            for client in clients { #expect(try await client.push(on: "t") == "to all") }
        }
    }

    @Test func manyLoginsAtOnceLeaveOneSession() async throws {
        try await Self.withTwoGates("kick") { one, two in
            let clients = try await withThrowingTaskGroup(of: TestClient.self) { group in
                for number in 0..<20 {
                    group.addTask { try await TestClient.connected(port: number % 2 == 0 ? one.port : two.port) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for client in clients { try await client.publish("Test/Handler_Bind", #""joe""#) }
            await withTaskGroup(of: Void.self) { group in
                for client in clients { group.addTask { await client.closed() } }
                // All but one end; the last one stays until the Gates close.
                for _ in 1..<clients.count { await group.next() }
                group.cancelAll()
            }
            let push = GroupPush(group: .user("joe"), topic: "t", qos: 0, body: ByteBuffer(string: "last"))
            #expect(try await one.node.pushConfirmed(push) == .routed)
            #expect(one.gate.services.sessions.count + two.gate.services.sessions.count == 1)
        }
    }

    @Test func aModuleCannotJoinAUsersGroup() async throws {
        try await GateHarness.run { server in
            try server.register("Handler_Join") { (session: Session, group: String) in
                try await session.join(GroupName(group))
            }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            #expect(try await client.ask("Test/Handler_Join/1", #""user.joe""#).contains("which only bind joins"))
        }
    }
}

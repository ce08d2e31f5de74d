import Mqant
import MqantMQTTTestSupport
import MqantRPC
import NIOCore
import Testing

@testable import MqantGate

/// A module ends all sessions of a user, at whatever Gate.
@Suite(.timeLimit(.minutes(2))) struct DisconnectTests {
    private static func register(_ server: RPCServer) throws {
        try server.register("Handler_Bind") { (session: Session, user: String) in try await session.bind(user) }
    }

    private func withTwoGates(
        _ body: @escaping @Sendable (GateHarness, GateHarness, ModuleContext) async throws -> Void
    ) async throws {
        let hub = InProcessHub()
        let settings = #""DuplicateLogin": "allow", "EventLoops": 2"#
        try await GateHarness.run(settings: settings, hub: hub, name: "one", register: Self.register) { one in
            try await GateHarness.run(settings: settings, hub: hub, name: "two", register: Self.register) { two in
                try await body(one, two, one.gate.services.context)
            }
        }
    }

    private func client(of user: String, at gate: GateHarness) async throws -> TestClient {
        let client = try await TestClient.connected(port: gate.port)
        #expect(try await client.ask("Test/Handler_Bind/1", "\"\(user)\"") == #"{"Error":"","Result":null}"#)
        return client
    }

    @Test func allSessionsOfTheUserEndAndNoOther() async throws {
        try await withTwoGates { one, two, context in
            let sessions = [
                try await client(of: "Ada", at: one), try await client(of: "Ada", at: one),
                try await client(of: "Ada", at: two),
            ]
            let bob = try await client(of: "Bob", at: one)
            #expect(try await context.disconnect(user: "Ada", reason: "\"cheating\""))
            for session in sessions {
                #expect(try await session.push(on: "Gate/OnKick") == #"{"reason":"\"cheating\""}"#)
                await session.closed()
            }
            // Bob is there, and nobody is left of Ada's sessions.
            context.push(toUser: "Bob", topic: "t", body: ByteBuffer(string: "still here"))
            #expect(try await bob.push(on: "t") == "still here")
            #expect(try await !context.disconnect(user: "Ada"))
            #expect(one.gate.services.endings[.byModule] == 2 && two.gate.services.endings[.byModule] == 1)
        }
    }

    @Test func whatWasPushedBeforeComesBefore() async throws {
        try await withTwoGates { one, _, context in
            let ada = try await client(of: "Ada", at: one)
            for number in 0..<100 {
                context.push(toUser: "Ada", topic: "n", body: ByteBuffer(string: "\(number)"))
            }
            try await context.disconnect(user: "Ada")
            for number in 0..<100 { #expect(try await ada.push(on: "n") == "\(number)") }
            #expect(try await ada.push(on: "Gate/OnKick") == #"{"reason":"disconnected by the server"}"#)
            await ada.closed()
        }
    }

    @Test func theUserMayLogInAgain() async throws {
        try await withTwoGates { one, two, context in
            let first = try await client(of: "Ada", at: one)
            try await context.disconnect(user: "Ada")
            await first.closed()
            let second = try await client(of: "Ada", at: two)
            context.push(toUser: "Ada", topic: "t", body: ByteBuffer(string: "again"))
            #expect(try await second.push(on: "t") == "again")
        }
    }

    /// A room is not a user: what is no disconnection ends nobody.
    @Test(arguments: [("room", #"{"reason":"x"}"#), ("user.Ada", "{}"), ("user.Ada", "reason")])
    func whatIsNoDisconnectionIsDropped(group: String, body: String) async throws {
        try await GateHarness.run { server in
            try Self.register(server)
            try server.register("Handler_Join") { (session: Session, group: String) in
                try await session.join(GroupName(group))
            }
        } _: { gate in
            let ada = try await client(of: "Ada", at: gate)
            #expect(try await ada.ask("Test/Handler_Join/2", #""room""#) == #"{"Error":"","Result":true}"#)
            let context = gate.gate.services.context
            context.push(to: GroupName(group), topic: "$disconnect", body: ByteBuffer(string: body))
            context.push(to: GroupName(group), topic: "t", body: ByteBuffer(string: "still here"))
            let next = try await ada.next(ofType: 3).publish
            #expect(next?.topic == "t" && next?.payload == "still here")
        }
    }
}

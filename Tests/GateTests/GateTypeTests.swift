import Mqant
import MqantMQTTTestSupport
import MqantRPC
import NIOCore
import Testing

@testable import MqantGate

/// A Gate is what holds sessions, whatever its type is called.
@Suite(.timeLimit(.minutes(1))) struct GateTypeTests {
    @Test func aRosterListsTheMembersAtGatesOfEveryType() async throws {
        let hub = InProcessHub()
        let register: @Sendable (RPCServer) throws -> Void = { server in
            try server.register("Handler_Join") { (session: Session, name: String) in
                try await session.join("room", presence: Presence(type: "Rooms", key: "room", name: name))
            }
        }
        try await GateHarness.run(hub: hub, name: "one", register: register) { one in
            try await GateHarness.run(type: "Portal", hub: hub, name: "two", register: register) { two in
                // Nobody is told of them: no instance of Rooms is there yet.
                for (harness, name) in [(one, "ann"), (two, "bob")] {
                    let client = try await TestClient.connected(port: harness.port)
                    let reply = try await client.ask("Test/Handler_Join/1", "\"\(name)\"")
                    #expect(reply == #"{"Error":"","Result":true}"#)
                }
                #expect(Set(one.node.view.gates.map(\.type)) == ["Gate", "Portal"])
                let context = ModuleContext(
                    type: "Rooms", instance: "rooms", configuration: one.gate.services.context.configuration,
                    logger: one.gate.services.context.logger, node: one.node)
                let roster = Roster(context: context) { _ in }
                #expect(await Set(roster.members(of: "room").map(\.name)) == ["ann", "bob"])
            }
        }
    }
}

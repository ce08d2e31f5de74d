import Mqant
import MqantMQTTTestSupport
import MqantRPC
import NIOCore
import Testing

@testable import MqantGate

/// Names that people type, in every spelling that Unicode has for them.
@Suite(.timeLimit(.minutes(1))) struct UserNameTests {
    private static func register(_ server: RPCServer) throws {
        try server.register("Handler_Bind") { (session: Session, user: String) in try await session.bind(user) }
        try server.register("Handler_Join") { (session: Session, group: String) in
            try await session.join(GroupName(group))
        }
        try server.register("Handler_Set") { (session: Session, setting: [String]) in
            session.set(setting[0], to: setting[1])
            try await session.push()
        }
        try server.register("Handler_Settings") { (session: Session, _: Int) in session.state.settings }
    }

    @Test(arguments: ["\u{301}x", "\u{200d}", "\u{e9}"])
    func aNameThatBeginsWithAMarkIsKickedAcrossGates(user: String) async throws {
        let hub = InProcessHub()
        try await GateHarness.run(hub: hub, name: "one", register: Self.register) { one in
            try await GateHarness.run(hub: hub, name: "two", register: Self.register) { two in
                let older = try await TestClient.connected(port: one.port)
                let newer = try await TestClient.connected(port: two.port)
                for client in [older, newer] {
                    let reply = try await client.ask("Test/Handler_Bind/1", "\"\(user)\"")
                    #expect(reply == #"{"Error":"","Result":null}"#)
                }
                #expect(try await older.push(on: "Gate/OnKick").contains("logged in elsewhere"))
                await older.closed()
            }
        }
    }

    @Test func aModuleCannotJoinTheGroupOfAUserWhoseNameBeginsWithAMark() async throws {
        try await GateHarness.run(register: Self.register) { harness in
            let client = try await TestClient.connected(port: harness.port)
            let reply = try await client.ask("Test/Handler_Join/1", "\"user.\u{301}x\"")
            #expect(reply.contains("which only bind joins"))
        }
    }

    @Test func usersAndGroupsOfOtherBytesAreOthers() async throws {
        try await GateHarness.run(register: Self.register) { harness in
            let stranger = try await TestClient.connected(port: harness.port)
            let client = try await TestClient.connected(port: harness.port)
            for (client, name) in [(stranger, "\u{212a}itchen"), (client, "Kitchen")] {
                #expect(try await client.ask("Test/Handler_Join/1", "\"\(name)\"") == #"{"Error":"","Result":true}"#)
                #expect(try await client.ask("Test/Handler_Bind/2", "\"\(name)\"") == #"{"Error":"","Result":null}"#)
            }
            #expect(harness.gate.groups.count == 4)
            for group in ["Kitchen", .user("Kitchen")] as [GroupName] {
                let push = GroupPush(group: group, topic: "t", qos: 0, body: ByteBuffer(string: "dinner"))
                #expect(try await harness.node.pushConfirmed(push) == .routed)
                #expect(try await client.push(on: "t") == "dinner")
            }
            // The stranger is still there, and has heard nothing.
            #expect(try await stranger.ask("Test/Handler_Join/3", #""x""#) == #"{"Error":"","Result":true}"#)
        }
    }

    @Test func aClientIDIsOneInAllItsSpellings() async throws {
        try await GateHarness.run { harness in
            let older = try await TestClient.connected(port: harness.port, clientID: "caf\u{e9}")
            let newer = try await TestClient.connected(port: harness.port, clientID: "cafe\u{301}")
            await older.closed()
            #expect(harness.gate.services.sessions.count == 1)
            try await newer.close()
        }
    }

    @Test func aSettingIsOneInAllTheSpellingsOfItsKeyAndNotOfItsValue() async throws {
        try await GateHarness.run(register: Self.register) { harness in
            let client = try await TestClient.connected(port: harness.port)
            for value in ["\u{e9}", "e\u{301}"] {
                let reply = try await client.ask("Test/Handler_Set/1", "[\"e\u{301}\",\"\(value)\"]")
                #expect(reply == #"{"Error":"","Result":null}"#)
                let settings = try await client.ask("Test/Handler_Settings/2", "0")
                let expected = "{\"Error\":\"\",\"Result\":{\"\u{e9}\":\"\(value)\"}}"
                #expect(Array(settings.utf8) == Array(expected.utf8))
            }
        }
    }
}

import Mqant
import MqantMQTTTestSupport
import NIOCore
import Synchronization
import Testing

@testable import MqantGate

/// Every session operation, from a module, on a client over a real socket.
@Suite(.timeLimit(.minutes(3))) struct SessionOperationTests {
    @Test func bindAndUnbindChangeTheUser() async throws {
        try await GateHarness.run { server in
            try server.register("Handler_Bind") { (session: Session, user: String) in
                try await session.bind(user)
                return session.userID
            }
            try server.register("Handler_Unbind") { (session: Session, _: Int) in
                try await session.unbind()
                return session.isGuest
            }
            try server.register("Handler_Who") { (session: Session, _: Int) in session.userID }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            #expect(try await client.ask("Test/Handler_Who/1", "0") == #"{"Error":"","Result":""}"#)
            #expect(try await client.ask("Test/Handler_Bind/2", #""joe""#) == #"{"Error":"","Result":"joe"}"#)
            #expect(try await client.ask("Test/Handler_Who/3", "0") == #"{"Error":"","Result":"joe"}"#)
            #expect(try await client.ask("Test/Handler_Unbind/4", "0") == #"{"Error":"","Result":true}"#)
            #expect(try await client.ask("Test/Handler_Who/5", "0") == #"{"Error":"","Result":""}"#)
        }
    }

    @Test func settingsAreLocalUntilPushed() async throws {
        try await GateHarness.run { server in
            try server.register("Handler_Set") { (session: Session, push: Bool) in
                session.set("a", to: "1")
                session.set("b", to: "2")
                session.remove("b")
                if push { try await session.push() }
                return session.get("a")
            }
            try server.register("Handler_Get") { (session: Session, _: Int) in session.state.settings }
            try server.register("Handler_Update") { (session: Session, _: Int) in
                session.set("a", to: "local")
                try await session.update()
                return session.get("a")
            }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            #expect(try await client.ask("Test/Handler_Set/1", "false") == #"{"Error":"","Result":"1"}"#)
            #expect(try await client.ask("Test/Handler_Get/2", "0") == #"{"Error":"","Result":{}}"#)
            #expect(try await client.ask("Test/Handler_Set/3", "true") == #"{"Error":"","Result":"1"}"#)
            #expect(try await client.ask("Test/Handler_Get/4", "0") == #"{"Error":"","Result":{"a":"1"}}"#)
            // What this copy changed survives the update.
            #expect(try await client.ask("Test/Handler_Update/5", "0") == #"{"Error":"","Result":"local"}"#)
        }
    }

    @Test(arguments: [0, 1, 2]) func sendsAtEveryQoS(qos: Int) async throws {
        try await GateHarness.run { server in
            try server.register("Handler_Push") { (session: Session, qos: Int) in
                try await session.send(topic: "any/topic", body: ByteBuffer(bytes: [0, 255, 1]), qos: qos)
                try session.castSend(topic: "any/cast", body: ByteBuffer(string: "x"), qos: qos)
            }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            try await client.publish("Test/Handler_Push", "\(qos)")
            let first = try await client.next(ofType: 3)
            #expect(Int(first.flags >> 1) == qos)
            var body = first.body
            #expect(body.readBytes(length: body.readableBytes)?.suffix(3) == [0, 255, 1])
            let second = try #require(try await client.next(ofType: 3).publish)
            #expect(second.topic == "any/cast")
            #expect((second.id == nil) == (qos == 0))
        }
    }

    @Test func closeEndsTheConnection() async throws {
        try await GateHarness.run { server in
            try server.register("Handler_Close") { (session: Session, _: Int) in try await session.close() }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            try await client.publish("Test/Handler_Close", "0")
            await client.closed()
        }
    }

    @Test func groupsReachTheirMembersOnly() async throws {
        let ends = AsyncStream<String>.makeStream()
        try await GateHarness.run(settings: #""MaxGroups": 2"#) { server in
            try server.register("Handler_Join") { (session: Session, group: String) in
                try await session.join(
                    GroupName(group), presence: Presence(type: "Test", key: group, name: "someone"))
            }
            try server.register("Handler_Leave") { (session: Session, group: String) in
                try await session.leave(GroupName(group))
            }
            try server.registerFramework(PresenceReport.endFunction, options: .concurrent) { (report: PresenceReport) in
                for member in report.members { ends.continuation.yield(member.group.rawValue) }
            }
        } _: { harness in
            let one = try await TestClient.connected(port: harness.port)
            let other = try await TestClient.connected(port: harness.port)
            #expect(try await one.ask("Test/Handler_Join/1", #""g""#) == #"{"Error":"","Result":true}"#)
            #expect(try await one.ask("Test/Handler_Join/2", #""g""#) == #"{"Error":"","Result":false}"#)
            #expect(try await other.ask("Test/Handler_Join/1", #""g""#) == #"{"Error":"","Result":true}"#)
            #expect(try await other.ask("Test/Handler_Join/2", #""h""#) == #"{"Error":"","Result":true}"#)
            #expect(try await other.ask("Test/Handler_Join/3", #""i""#).contains("in 2 groups at most"))

            let push = GroupPush(group: "g", topic: "t", qos: 0, body: ByteBuffer(string: "hello"))
            #expect(try await harness.node.pushConfirmed(push) == .routed)
            #expect(try await one.push(on: "t") == "hello")
            #expect(try await other.push(on: "t") == "hello")

            #expect(try await one.ask("Test/Handler_Leave/4", #""g""#) == #"{"Error":"","Result":true}"#)
            #expect(try await one.ask("Test/Handler_Leave/5", #""g""#) == #"{"Error":"","Result":false}"#)
            let toH = GroupPush(group: "h", topic: "u", qos: 1, body: ByteBuffer(string: "h only"))
            #expect(try await harness.node.pushConfirmed(toH) == .routed)
            #expect(try await other.push(on: "u") == "h only")

            // Its connection's end ends both memberships of the other; then nobody is bound any more.
            try await other.close()
            var ended: [String] = []
            for await group in ends.stream {
                ended.append(group)
                if ended.count == 3 { break }
            }
            #expect(ended.first == "g" && ended.sorted() == ["g", "g", "h"])
            #expect(try await harness.node.pushConfirmed(push) == .unroutable)
            #expect(harness.gate.groups.count == 0)
        }
    }

    @Test func operationsOnAnUnknownSessionAreRefused() async throws {
        try await GateHarness.run { harness in
            let session = Session(SessionState(id: SessionID(), gate: "gate"), node: harness.node)
            await #expect(throws: RPCError.noSession) { try await session.bind("joe") }
            await #expect(throws: RPCError.noSession) { try await session.send(topic: "t", body: ByteBuffer()) }
            await #expect(throws: RPCError.noSession) { try await session.join("g") }
            await #expect(throws: RPCError.noSession) { try await session.push() }
            #expect(harness.gate.services.statistics.refused == 4, "each is counted, once")
        }
    }

    @Test func changesReachRequestsThatWaitedBehindThem() async throws {
        try await GateHarness.run { server in
            try server.register("Handler_Bind") { (session: Session, user: String) in try await session.bind(user) }
            try server.register("Handler_Who") { (session: Session, _: Int) in session.userID }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            // Both are sent before the first is answered.
            try await client.publish("Test/Handler_Bind/1", #""joe""#)
            try await client.publish("Test/Handler_Who/2", "0")
            #expect(try await client.push(on: "Test/Handler_Who/2") == #"{"Error":"","Result":"joe"}"#)
        }
    }
}

import Mqant
import MqantMQTTTestSupport
import MqantRPC
import Synchronization
import Testing

@testable import MqantGate

/// The Gate subscribes to a group as long as it has a member there, and no longer: whatever cuts a login or a join off.
@Suite(.timeLimit(.minutes(1))) struct GroupHoldTests {
    private static func register(_ server: RPCServer) throws {
        try server.register("Handler_Bind") { (session: Session, user: String) in try await session.bind(user) }
        try server.register("Handler_Join") { (session: Session, group: String) in
            try await session.join(GroupName(group), presence: Presence(type: "Test", key: group, name: "joe"))
        }
    }

    /// Cuts a client off while another Gate, the group's owner or its heir, has not heard of the subscription yet.
    private func cutOff(
        _ function: String, policy: String, _ expected: GroupName
    ) async throws {
        let subscriptions = Mutex<HeldSubscriptions?>(nil)
        let hub = InProcessHub()
        try await GateHarness.run(hub: hub, name: "other") { other in
            try await GateHarness.run(
                settings: #""DuplicateLogin": "\#(policy)""#, hub: hub,
                register: Self.register,
                wrap: { transport in
                    let held = HeldSubscriptions(transport)
                    subscriptions.withLock { $0 = held }
                    return held
                }
            ) { harness in
                let client = try await TestClient.connected(port: harness.port)
                try await client.publish("Test/\(function)/1", #""joe""#)
                let held = try #require(subscriptions.withLock { $0 })
                #expect(await held.next() == expected)
                try await client.close()
                try await until { harness.gate.services.sessions.count == 0 }
                #expect(harness.gate.groups.count == 1)
                held.open()
                try await until { harness.gate.groups.count == 0 }
                for gate in [harness, other] {
                    try await until { try await gate.node.pushConfirmed(.probe(expected)) == .unroutable }
                }
            }
        }
    }

    @Test(arguments: ["kick", "refuse", "allow"])
    func aLoginThatIsCutOffLeavesNoSubscription(policy: String) async throws {
        try await cutOff("Handler_Bind", policy: policy, .user("joe"))
    }

    @Test func aJoinThatIsCutOffLeavesNoSubscription() async throws {
        try await cutOff("Handler_Join", policy: "kick", "joe")
    }

    @Test func theLastOfManyMembersEndsTheSubscription() async throws {
        try await GateHarness.run(register: Self.register) { harness in
            var clients: [TestClient] = []
            for number in 0..<3 {
                let client = try await TestClient.connected(port: harness.port)
                #expect(try await client.ask("Test/Handler_Join/1", #""room""#) == #"{"Error":"","Result":true}"#)
                #expect(try await client.ask("Test/Handler_Join/2", #""room""#) == #"{"Error":"","Result":false}"#)
                #expect(
                    try await client.ask("Test/Handler_Bind/3", #""u\#(number)""#) == #"{"Error":"","Result":null}"#)
                clients.append(client)
            }
            #expect(harness.gate.groups.count == 4)
            for client in clients { try await client.close() }
            try await until { harness.gate.groups.count == 0 }
        }
    }

    /// Waits for what has no event to wait for; bounded by the suite's limit.
    private func until(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(1)) }
    }
}

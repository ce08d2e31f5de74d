import MqantRPC
import NIOCore
import Testing

extension TransportContract {
    static var groupChecks: [ContractCheck] {
        [
            ContractCheck("a push made after a bind completed is never missed", bindThenPush),
            ContractCheck("a confirmed push tells whether anybody is bound", pushToNobody),
            ContractCheck("pushes to a group arrive in order, once, at every member", groupOrder),
            ContractCheck("pushes that several threads of a node make have one order for all members", oneOrderForAll),
            ContractCheck("a member gets the pushes of its own groups only, and none after unbind", ownGroupsOnly),
            ContractCheck("a push arrives with its topic, QoS, bytes and whom it leaves out", pushUnchanged),
            ContractCheck("the bindings of an instance end with it", bindingsEnd),
        ]
    }

    /// Nodes with a Gate each that note what is pushed to them.
    private static func gates(
        _ names: [NodeID], in cluster: TestCluster
    ) async throws -> [(node: RPCNode, gate: InstanceID, pushes: Recorder<GroupPush>)] {
        var gates: [(RPCNode, InstanceID, Recorder<GroupPush>)] = []
        for name in names {
            let node = try await cluster.node(name)
            let gate = InstanceID("\(name):Gate")
            let pushes = Recorder<GroupPush>()
            try await cluster.serve("Gate", gate, on: node) { server in server.receivePushes { pushes.add($0) } }
            gates.append((node, gate, pushes))
        }
        return gates
    }

    /// A node that knows all instances that others know: pushes go by one owner from the first on.
    private static func speaker(in cluster: TestCluster) async throws -> RPCNode {
        let speaker = try await cluster.node("c")
        try await cluster.everyNodeKnowsAll()
        return speaker
    }

    private static func push(_ group: GroupName, _ number: Int) -> GroupPush {
        GroupPush(group: group, topic: "n", qos: 0, body: ByteBuffer(string: String(number)))
    }

    private static func numbers(_ pushes: [GroupPush]) -> [Int] {
        pushes.compactMap { Int(String(buffer: $0.body)) }
    }

    static func bindThenPush(_ cluster: TestCluster) async throws {
        let gates = try await gates(["g1", "g2"], in: cluster)
        let chat = try await speaker(in: cluster)
        for round in 0..<40 {
            let group = GroupName("room \(round)")
            for gate in gates { try await gate.node.subscribe(gate.gate, to: group) }
            chat.push(push(group, round))
            for gate in gates {
                let pushes = await gate.pushes.waitFor(round + 1)
                #expect(numbers(pushes).last == round)
            }
        }
    }

    static func pushToNobody(_ cluster: TestCluster) async throws {
        let gates = try await gates(["g1", "g2"], in: cluster)
        let chat = try await speaker(in: cluster)
        let group: GroupName = "room"
        #expect(try await chat.pushConfirmed(push(group, 0)) == .unroutable)
        for gate in gates { try await gate.node.subscribe(gate.gate, to: group) }
        #expect(try await chat.pushConfirmed(push(group, 1)) == .routed)
        _ = await gates[0].pushes.waitFor(1)
        gates[0].node.unsubscribe(gates[0].gate, from: group)
        #expect(try await chat.pushConfirmed(push(group, 2)) == .routed)
        gates[1].node.unsubscribe(gates[1].gate, from: group)
        try await eventually("the owner never heard of the end") {
            try await chat.pushConfirmed(.probe(group)) == .unroutable
        }
        let last = await gates[1].pushes.waitFor(2)
        #expect(numbers(last) == [1, 2])
        #expect(numbers(gates[0].pushes.elements) == [1])
    }

    static func groupOrder(_ cluster: TestCluster) async throws {
        let gates = try await gates(["g1", "g2", "g3"], in: cluster)
        let chat = try await speaker(in: cluster)
        for gate in gates {
            try await gate.node.subscribe(gate.gate, to: "room")
            // Twice is once.
            try await gate.node.subscribe(gate.gate, to: "room")
        }
        for number in 0..<500 { chat.push(push("room", number)) }
        for gate in gates {
            let pushes = await gate.pushes.waitFor(500)
            #expect(numbers(pushes) == Array(0..<500))
        }
    }

    static func oneOrderForAll(_ cluster: TestCluster) async throws {
        let gates = try await gates(["g1", "g2", "g3"], in: cluster)
        let chat = try await speaker(in: cluster)
        for gate in gates { try await gate.node.subscribe(gate.gate, to: "room") }
        await withTaskGroup(of: Void.self) { group in
            for publisher in 0..<4 {
                group.addTask {
                    for number in 0..<500 { chat.push(push("room", publisher * 1000 + number)) }
                }
            }
        }
        let first = numbers(await gates[0].pushes.waitFor(2000))
        #expect(Set(first).count == 2000)
        for gate in gates.dropFirst() {
            let others = numbers(await gate.pushes.waitFor(2000))
            #expect(others == first, "members see different orders")
        }
        for publisher in 0..<4 {
            #expect(first.filter { $0 / 1000 == publisher } == (0..<500).map { publisher * 1000 + $0 })
        }
    }

    static func ownGroupsOnly(_ cluster: TestCluster) async throws {
        let gates = try await gates(["g1", "g2"], in: cluster)
        let chat = try await speaker(in: cluster)
        try await gates[0].node.subscribe(gates[0].gate, to: "one")
        try await gates[0].node.subscribe(gates[0].gate, to: "both")
        try await gates[1].node.subscribe(gates[1].gate, to: "two")
        try await gates[1].node.subscribe(gates[1].gate, to: "both")
        for (number, group) in (["one", "two", "both", "none", "one"] as [GroupName]).enumerated() {
            chat.push(push(group, number))
        }
        let first = await gates[0].pushes.waitFor(3)
        // Of different groups, which have different owners, any comes first.
        #expect(first.map(\.group).sorted() == ["both", "one", "one"])
        #expect(numbers(first.filter { $0.group == "one" }) == [0, 4])
        let second = await gates[1].pushes.waitFor(2)
        #expect(second.map(\.group).sorted() == ["both", "two"])
        gates[0].node.unsubscribe(gates[0].gate, from: "one")
        chat.push(push("one", 5))
        chat.push(push("both", 6))
        #expect(numbers(await gates[0].pushes.waitFor(4)).sorted() == [0, 2, 4, 6])
    }

    static func pushUnchanged(_ cluster: TestCluster) async throws {
        let gates = try await gates(["g1"], in: cluster)
        let chat = try await speaker(in: cluster)
        let group = GroupName(String(repeating: "ü", count: GroupName.maximumByteCount / 2))
        try await gates[0].node.subscribe(gates[0].gate, to: group)
        let bodies = [[], (UInt8.min...UInt8.max).map { $0 }, [UInt8](repeating: 0, count: 100_000)]
        let leftOut = [nil, SessionID(), SessionID()]
        for (qos, body) in bodies.enumerated() {
            chat.push(
                GroupPush(
                    group: group, topic: "Chat/OnSay/ü", qos: qos, body: ByteBuffer(bytes: body), except: leftOut[qos]))
        }
        let pushes = await gates[0].pushes.waitFor(3)
        #expect(pushes.map { Array($0.body.readableBytesView) } == bodies)
        #expect(pushes.map(\.qos) == [0, 1, 2])
        #expect(pushes.map(\.except) == leftOut)
        #expect(pushes.allSatisfy { $0.topic == "Chat/OnSay/ü" && $0.group == group })
    }

    static func bindingsEnd(_ cluster: TestCluster) async throws {
        let node = try await cluster.node("g")
        let chat = try await speaker(in: cluster)
        let gate = try await cluster.serve("Gate", "g:Gate", on: node) { $0.receivePushes { _ in } }
        try await node.subscribe("g:Gate", to: "room")
        #expect(try await chat.pushConfirmed(push("room", 0)) == .routed)
        await node.withdraw(gate)
        #expect(try await chat.pushConfirmed(push("room", 1)) == .unroutable)
        await #expect(throws: RPCError.self) { try await node.subscribe("g:Gate", to: "room") }
    }
}

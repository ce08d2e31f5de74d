import MqantRPC
import NIOCore
import Testing

extension TransportContract {
    static var orderFaultChecks: [ContractCheck] {
        [
            ContractCheck("what arrives of a session's casts is in order and comes once", castsUnderLoss),
            ContractCheck("what arrives of a group's pushes is in order and comes once", pushesUnderLoss),
            ContractCheck("nodes that miss announcements still come to know of each other", missedAnnouncements),
        ]
    }

    static func castsUnderLoss(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let seen = Recorder<Int>()
        try await cluster.serve("Chat", "b:Chat", on: callee) { server in
            try server.register("Handler_note") { (number: Int) in
                await Task.yield()
                seen.add(number)
            }
        }
        let session = SessionState.any()
        for number in 0..<400 {
            // A cast that came back took the instance out of the view until it announces itself again.
            try await cluster.everyNodeKnows("b:Chat")
            try? caller.tell(.instance("b:Chat"), "Handler_note", number, session: session)
        }
        try await lastWord(of: caller, to: "b:Chat", "Handler_note", 400, session, in: cluster)
        let numbers = seen.elements
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
        #expect(numbers.count > 100, "the network loses some, not most")
    }

    /// Calls until an answer comes: then all that was sent before has arrived, or never will.
    private static func lastWord(
        of caller: RPCNode, to instance: InstanceID, _ function: String, _ first: Int, _ session: SessionState,
        in cluster: TestCluster
    ) async throws {
        for number in first..<(first + 100) {
            try await cluster.everyNodeKnows(instance)
            let answer: Int?? = try? await caller.ask(
                .instance(instance), function, number, timeout: .milliseconds(200), session: session)
            if answer != nil { return }
        }
        Issue.record("100 calls in a row were lost")
    }

    static func pushesUnderLoss(_ cluster: TestCluster) async throws {
        let chat = try await cluster.node("c")
        var recorders: [Recorder<Int>] = []
        for name in ["g1", "g2"] as [NodeID] {
            let node = try await cluster.node(name)
            let gate = InstanceID("\(name):Gate")
            let seen = Recorder<Int>()
            try await cluster.serve("Gate", gate, on: node) { server in
                server.receivePushes { push in
                    if let number = Int(String(buffer: push.body)) { seen.add(number) }
                }
            }
            try await node.subscribe(gate, to: "room")
            recorders.append(seen)
        }
        func push(_ number: Int) -> GroupPush {
            GroupPush(group: "room", topic: "n", qos: 0, body: ByteBuffer(string: String(number)))
        }
        for number in 0..<400 { chat.push(push(number)) }
        // What is lost on the way to the owner is not answered, and pushed again. After the answer nothing that was pushed before
        // is on its way.
        try await eventually("a push is answered") {
            try await chat.pushConfirmed(push(400)) == .routed
        }
        for seen in recorders {
            try await eventually("the last one arrives") { seen.elements.last == 400 }
            let numbers = seen.elements
            #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
            #expect(numbers.count > 100, "the network loses some, not most")
        }
    }

    static func missedAnnouncements(_ cluster: TestCluster) async throws {
        var nodes: [RPCNode] = []
        for name in ["a", "b", "c", "d"] as [NodeID] {
            let node = try await cluster.node(name)
            try await cluster.serve("Chat", InstanceID("\(name):Chat"), on: node)
            nodes.append(node)
        }
        for node in nodes { try await cluster.everyNodeKnows(InstanceID("\(node.id):Chat")) }
        for node in nodes { #expect(node.view.candidates(of: "Chat").count == 4) }
    }
}

import MqantRPC
import NIOCore
import Testing

extension TransportContract {
    static var clusterChecks: [ContractCheck] {
        [
            ContractCheck("every node gives a key to the same owner", keyedOwner),
            ContractCheck("a node that joins late knows of all, and all of it", lateJoiner),
            ContractCheck("a goodbye takes a node out of every view, for good", goodbye),
            ContractCheck("a local instance is called first", localFirst),
            ContractCheck("calls to a type reach all of its instances elsewhere", anySpreads),
        ]
    }

    private static func chats(_ names: [NodeID], in cluster: TestCluster) async throws -> [RPCNode] {
        var nodes: [RPCNode] = []
        for name in names {
            let node = try await cluster.node(name)
            try await cluster.serve("Chat", InstanceID("\(name):Chat"), on: node) { server in
                try server.register("who") { "\(name):Chat" }
            }
            nodes.append(node)
        }
        for name in names { try await cluster.everyNodeKnows(InstanceID("\(name):Chat")) }
        return nodes
    }

    static func keyedOwner(_ cluster: TestCluster) async throws {
        let chats = try await chats(["a", "b", "c"], in: cluster)
        let outsider = try await cluster.node("d")
        for id in ["a:Chat", "b:Chat", "c:Chat"] as [InstanceID] { try await cluster.everyNodeKnows(id) }
        var owners: Set<String> = []
        for number in 0..<40 {
            let key = "room \(number)"
            let owner: String = try await outsider.ask(.keyed("Chat", key: key), "who")
            owners.insert(owner)
            for node in chats {
                let same: String = try await node.ask(.keyed("Chat", key: key), "who")
                #expect(same == owner)
            }
        }
        #expect(owners.count == 3)
    }

    static func lateJoiner(_ cluster: TestCluster) async throws {
        let nodes = try await chats(["a", "b"], in: cluster)
        let late = try await cluster.node("late")
        try await cluster.serve("Login", "late:Login", on: late) { try $0.register("who") { "late" } }
        for id in ["a:Chat", "b:Chat"] as [InstanceID] {
            try await cluster.everyNodeKnows(id)
            let answer: String = try await late.ask(.instance(id), "who")
            #expect(answer == id.rawValue)
        }
        for node in nodes {
            let answer: String = try await node.ask("Login", "who")
            #expect(answer == "late")
        }
    }

    static func goodbye(_ cluster: TestCluster) async throws {
        let nodes = try await chats(["a", "b", "c"], in: cluster)
        await cluster.shutDown(nodes[1])
        for node in [nodes[0], nodes[2]] {
            try await eventually("the goodbye is known") { node.view.peers["b"] == nil }
        }
        // Anything that b still had in hand would have come by now: two rounds of announcements later.
        for round in 0..<20 {
            let server = try await cluster.serve("Tick", InstanceID("tick \(round)"), on: nodes[0])
            await nodes[0].withdraw(server)
            for node in [nodes[0], nodes[2]] { #expect(node.view.peers["b"] == nil) }
        }
        #expect(await nodes[0].failure(of: .instance("b:Chat"), "who")?.code == .notFound)
    }

    static func localFirst(_ cluster: TestCluster) async throws {
        let nodes = try await chats(["a", "b", "c"], in: cluster)
        for node in nodes {
            for _ in 0..<10 {
                let answer: String = try await node.ask("Chat", "who")
                #expect(answer == "\(node.id):Chat")
            }
        }
    }

    static func anySpreads(_ cluster: TestCluster) async throws {
        _ = try await chats(["a", "b", "c"], in: cluster)
        let outsider = try await cluster.node("d")
        for id in ["a:Chat", "b:Chat", "c:Chat"] as [InstanceID] { try await cluster.everyNodeKnows(id) }
        var answers: [String: Int] = [:]
        for _ in 0..<300 {
            let answer: String = try await outsider.ask("Chat", "who")
            answers[answer, default: 0] += 1
        }
        // Of 300 fair draws an instance misses all with probability (2/3)^300.
        #expect(answers.count == 3)
    }
}

import MqantRPC
import NIOCore
import Testing

extension TransportContract {
    static var returnChecks: [ContractCheck] {
        [
            ContractCheck("a call to an incarnation that is gone goes to another instance", resent),
            ContractCheck("a call whose every instance is gone ends as notFound", allGone),
            ContractCheck("a call to the one instance with an id that is gone ends as notFound", instanceGone),
            ContractCheck("a call that a local instance refuses while it closes goes to another node", localClosed),
            ContractCheck("a cast to an incarnation that is gone is counted as lost", castReturned),
        ]
    }

    static func resent(_ cluster: TestCluster) async throws {
        let (caller, gone, live) = (
            try await cluster.node("a"), try await cluster.node("b"), try await cluster.node("c")
        )
        let ran = Recorder<Int>()
        for node in [gone, live] {
            try await cluster.serve("Chat", InstanceID("\(node.id):Chat"), on: node) { server in
                try server.register("say") { (number: Int) in
                    ran.add(number)
                    return "\(node.id) \(number)"
                }
            }
        }
        await cluster.removeQueue(of: "b:Chat", on: gone)
        for number in 0..<60 {
            let answer: String = try await caller.ask(.keyed("Chat", key: "room \(number)"), "say", number)
            #expect(answer == "c \(number)")
        }
        #expect(caller.statistics.resent >= 1, "no key belonged to the instance that is gone")
        #expect(ran.elements == Array(0..<60))
    }

    static func allGone(_ cluster: TestCluster) async throws {
        let (caller, one, two) = (try await cluster.node("a"), try await cluster.node("b"), try await cluster.node("c"))
        try await cluster.serve("Chat", "b:Chat", on: one) { try $0.register("say") { 1 } }
        try await cluster.serve("Chat", "c:Chat", on: two) { try $0.register("say") { 1 } }
        await cluster.removeQueue(of: "b:Chat", on: one)
        await cluster.removeQueue(of: "c:Chat", on: two)
        for _ in 0..<5 {
            let error = await caller.failure(of: "Chat", "say", timeout: .seconds(5))
            #expect(error == RPCError(.notFound, "Service(type:Chat) not found"))
            #expect(error?.isSafeToResend == true)
        }
    }

    static func instanceGone(_ cluster: TestCluster) async throws {
        let (caller, one, two) = (try await cluster.node("a"), try await cluster.node("b"), try await cluster.node("c"))
        try await cluster.serve("Chat", "b:Chat", on: one) { try $0.register("say") { 1 } }
        try await cluster.serve("Chat", "c:Chat", on: two) { try $0.register("say") { 1 } }
        await cluster.removeQueue(of: "b:Chat", on: one)
        #expect(await caller.failure(of: .instance("b:Chat"), "say", timeout: .seconds(5))?.code == .notFound)
        #expect(await caller.failure(of: .instance("c:Chat"), "say") == nil)
    }

    static func localClosed(_ cluster: TestCluster) async throws {
        let (near, far) = (try await cluster.node("a"), try await cluster.node("b"))
        let closing = try await cluster.serve("Chat", "a:Chat", on: near) { try $0.register("who") { "a" } }
        try await cluster.serve("Chat", "b:Chat", on: far) { try $0.register("who") { "b" } }
        // As in the moment between the choice of an instance and its withdrawal.
        await closing.drain()
        let who: String = try await near.ask("Chat", "who", timeout: .seconds(3))
        #expect(who == "b")
        let distant: String = try await far.ask(.instance("b:Chat"), "who")
        #expect(distant == "b")
        #expect(await far.failure(of: .instance("a:Chat"), "who")?.code == .notFound)
    }

    static func castReturned(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let ran = Recorder<Int>()
        try await cluster.serve("Chat", "b:Chat", on: callee) {
            try $0.register("say") { (number: Int) in ran.add(number) }
        }
        await cluster.removeQueue(of: "b:Chat", on: callee)
        try caller.tell(.instance("b:Chat"), "say", 1)
        try await eventually("the cast is counted") { caller.statistics.lostCasts == 1 }
        #expect(ran.count == 0)
    }
}

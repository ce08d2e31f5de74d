import MqantRPC
import NIOCore
import Testing

extension TransportContract {
    static var addressChecks: [ContractCheck] {
        [
            ContractCheck("an unknown function is answered functionNotFound", unknownFunction),
            ContractCheck("an unknown type ends at once as notFound", unknownType),
            ContractCheck("an unknown instance ends at once as notFound", unknownInstance),
            ContractCheck("a cast arrives without asking for a reply", casts),
            ContractCheck("a cast to nobody throws notFound and is counted", castToNobody),
            ContractCheck("an instance is reached by its id among others of its type", byInstance),
            ContractCheck("a function may have any name", anyFunctionName),
        ]
    }

    static func unknownFunction(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        try await cluster.serve("Chat", "b:Chat", on: callee)
        let error = await caller.failure(of: "Chat", "nope")
        #expect(error == RPCError(.functionNotFound, "Remote function(nope) not found"))
        #expect(error?.outcome == .answered)
    }

    static func unknownType(_ cluster: TestCluster) async throws {
        let caller = try await cluster.node("a")
        let clock = ContinuousClock()
        let start = clock.now
        let error = await caller.failure(of: "Nope", "f")
        #expect(error == RPCError(.notFound, "Service(type:Nope) not found"))
        #expect(error?.isSafeToResend == true)
        #expect(await caller.failure(of: .keyed("Nope", key: "k"), "f")?.code == .notFound)
        #expect(clock.now - start <= slack)
    }

    static func unknownInstance(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        try await cluster.serve("Chat", "b:Chat", on: callee)
        let error = await caller.failure(of: .instance("c:Chat"), "f")
        #expect(error?.code == .notFound)
        #expect(error?.isSafeToResend == true)
    }

    static func casts(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let seen = Recorder<RPCRequest>()
        try await cluster.serve("Chat", "b:Chat", on: callee) { server in
            try server.registerRaw("note") { request in
                seen.add(request)
                return ArgumentCoding.null
            }
            try server.register("fail") { throw HandlerError("nobody hears this") }
        }
        try caller.tell("Chat", "fail")
        try caller.tell("Chat", "nope")
        try caller.tell("Chat", "note", 7)
        let requests = await seen.waitFor(1)
        #expect(requests.map(\.correlationID) == [nil])
        #expect(requests.map(\.replyTo) == [nil])
        #expect(requests.first?.payload == .json(ByteBuffer(string: "[7]")))
        #expect(caller.statistics.lateReplies == 0)
        #expect(caller.statistics.lostCasts == 0)
    }

    static func castToNobody(_ cluster: TestCluster) async throws {
        let caller = try await cluster.node("a")
        let error = #expect(throws: RPCError.self) { try caller.tell("Nope", "f") }
        #expect(error?.code == .notFound)
        #expect(caller.statistics.lostCasts == 1)
    }

    static func byInstance(_ cluster: TestCluster) async throws {
        let (one, two, three) = (try await cluster.node("a"), try await cluster.node("b"), try await cluster.node("c"))
        for node in [one, two, three] {
            let id = InstanceID("\(node.id):Chat")
            try await cluster.serve("Chat", id, on: node) { server in
                try server.register("who") { id.rawValue }
            }
        }
        for caller in [one, two, three] {
            for id in ["a:Chat", "b:Chat", "c:Chat"] {
                let answer: String = try await caller.ask(.instance(InstanceID(id)), "who")
                #expect(answer == id)
            }
        }
    }

    static func anyFunctionName(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let names = [
            "push", "reply", "error", "Handler_", "a b", "späße/ünï", "漢字", String(repeating: "x", count: 200),
        ]
        try await cluster.serve("Odd", "b:Odd", on: callee) { server in
            for name in names { try server.register(name) { name } }
        }
        for name in names {
            let answer: String = try await caller.ask("Odd", name, timeout: .seconds(2))
            #expect(answer == name)
        }
    }
}

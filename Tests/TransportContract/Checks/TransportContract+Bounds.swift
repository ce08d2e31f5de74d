import MqantRPC
import MqantTesting
import NIOCore
import Testing

extension TransportContract {
    static var boundChecks: [ContractCheck] {
        [
            ContractCheck("a callee that is full answers overloaded at once, and all others later", overload),
            ContractCheck("a caller with too many calls out fails further ones as overloaded", tooManyCalls),
            ContractCheck("10 000 calls are out at a time and each gets its own answer", tenThousandCalls),
            ContractCheck("callers on several nodes get their own answers", severalCallers),
            ContractCheck("a full local instance leaves calls to others", fullLocalInstance),
        ]
    }

    static func overload(_ cluster: TestCluster) async throws {
        let caller = try await cluster.node("a")
        let callee = try await cluster.node("b") {
            $0.server.maxInFlight = 2
            $0.server.maxWaiting = 3
        }
        let latch = cluster.latch()
        let server = try await cluster.serve("Slow", "b:Slow", on: callee) { server in
            try server.register("wait") { await latch.pass() }
        }
        let replies = Recorder<RPCReply>()
        for _ in 0..<9 { try caller.begin("Slow", "wait") { replies.add($0) } }
        let refused = await replies.waitFor(4)
        #expect(refused.map(\.code) == [.overloaded, .overloaded, .overloaded, .overloaded])
        #expect(server.load.running == 2)
        #expect(server.load.waiting == 3)
        latch.open()
        let all = await replies.waitFor(9)
        #expect(all.compactMap(\.code).count == 4)
        #expect(latch.arrivals == 5)
        #expect(server.statistics.overloaded == 4)
    }

    static func tooManyCalls(_ cluster: TestCluster) async throws {
        let caller = try await cluster.node("a") { $0.maxCalls = 2 }
        let callee = try await cluster.node("b")
        let latch = cluster.latch()
        try await cluster.serve("Slow", "b:Slow", on: callee) { server in
            try server.register("wait") { await latch.pass() }
        }
        let replies = Recorder<RPCReply>()
        for _ in 0..<3 { try caller.begin("Slow", "wait") { replies.add($0) } }
        let refused = await replies.waitFor(1)
        #expect(refused.map(\.code) == [.overloaded])
        if case .failure(let error)? = refused.first { #expect(error.isSafeToResend) }
        latch.open()
        await replies.waitFor(3)
        let _: Int? = try await caller.ask("Slow", "wait")
    }

    static func tenThousandCalls(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let latch = cluster.latch()
        try await cluster.serve("Echo", "b:Echo", on: callee) { server in
            try server.registerRaw("echo") { request in
                await latch.pass()
                return request.payload
            }
        }
        let replies = Recorder<(number: Int, reply: RPCReply)>()
        for number in 0..<10_000 {
            try caller.begin("Echo", "echo", number) { replies.add((number, $0)) }
        }
        try await eventually("all handlers run", within: .seconds(60)) { latch.arrivals == 10_000 }
        #expect(replies.count == 0)
        latch.open()
        let all = await replies.waitFor(10_000)
        #expect(Set(all.map(\.number)).count == 10_000)
        let wrong = all.filter { $0.reply != .success(.json(ByteBuffer(string: "[\($0.number)]"))) }
        #expect(wrong.isEmpty)
        #expect(caller.statistics.lateReplies == 0)
    }

    static func severalCallers(_ cluster: TestCluster) async throws {
        let callee = try await cluster.node("b")
        let callers = [try await cluster.node("a1"), try await cluster.node("a2"), try await cluster.node("a3")]
        try await cluster.serve("Echo", "b:Echo", on: callee) { server in
            try server.register("echo") { (name: String, number: Int) in
                await Task.yield()
                return "\(name) \(number)"
            }
        }
        // Every caller uses the same correlation ids.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in callers {
                group.addTask {
                    for number in 0..<100 {
                        let answer: String = try await caller.ask("Echo", "echo", caller.id, number)
                        #expect(answer == "\(caller.id) \(number)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    static func fullLocalInstance(_ cluster: TestCluster) async throws {
        let near = try await cluster.node("a") { $0.server.maxInFlight = 2 }
        let far = try await cluster.node("b")
        let latch = cluster.latch()
        let local = try await cluster.serve("Work", "a:Work", on: near) { server in
            try server.register("who") { "a" }
            try server.register("wait") { await latch.pass() }
        }
        try await cluster.serve("Work", "b:Work", on: far) { server in
            try server.register("who") { "b" }
        }
        for _ in 0..<10 {
            // A handler is in flight for a moment after its reply.
            try await eventually("the local one is idle") { local.load.running == 0 }
            let who: String = try await near.ask("Work", "who")
            #expect(who == "a")
        }
        let replies = Recorder<RPCReply>()
        for _ in 0..<2 { try near.begin(.instance("a:Work"), "wait") { replies.add($0) } }
        try await eventually("the local one is full") { latch.arrivals == 2 }
        for _ in 0..<20 {
            let answer: String = try await near.ask("Work", "who", timeout: .seconds(2))
            #expect(answer == "b")
        }
        latch.open()
        await replies.waitFor(2)
    }
}

import MqantRPC
import MqantTesting
import NIOCore
import Testing

extension TransportContract {
    static var lifeChecks: [ContractCheck] {
        [
            ContractCheck(
                "withdraw lets the calls that run and wait finish, and their callers hear of it", withdrawDrains),
            ContractCheck("no call fails while instances are replaced one by one under load", rollingReplacement),
            ContractCheck("a withdrawn instance gets no more calls; without another, notFound", withdrawn),
            ContractCheck("an instance that is served again is reached as its new incarnation", servedAgain),
            ContractCheck("shutdown of the caller ends each of its calls, and further ones at once", callerShutsDown),
            ContractCheck("shutdown of the callee ends each call with an answer or a named error", calleeShutsDown),
            ContractCheck("a killed callee's calls end, and new ones find another instance", calleeKilled),
        ]
    }

    static func withdrawDrains(_ cluster: TestCluster) async throws {
        let caller = try await cluster.node("a")
        let callee = try await cluster.node("b") { $0.server.maxInFlight = 4 }
        let latch = cluster.latch()
        let server = try await cluster.serve("Slow", "b:Slow", on: callee) { server in
            try server.register("wait") { (number: Int) in
                await latch.pass()
                return number
            }
        }
        let replies = Recorder<(number: Int, reply: RPCReply)>()
        for number in 0..<20 { try caller.begin("Slow", "wait", number) { replies.add((number, $0)) } }
        try await eventually("all are in") { server.load.running + server.load.waiting == 20 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await callee.withdraw(server) }
            try await eventually("the withdrawal is known") { caller.view.candidate("b:Slow") == nil }
            #expect(replies.count == 0)
            latch.open()
            try await group.waitForAll()
        }
        #expect(server.load.running + server.load.waiting == 0)
        await cluster.shutDown(callee)
        for (number, reply) in await replies.waitFor(20) { #expect(reply.value(as: Int.self) == number) }
    }

    static func rollingReplacement(_ cluster: TestCluster) async throws {
        let caller = try await cluster.node("a")
        let ran = Recorder<Int>()
        func start(_ round: Int) async throws -> (RPCNode, RPCServer) {
            let node = try await cluster.node(NodeID("b\(round)"))
            let server = try await cluster.serve("Work", InstanceID("b\(round):Work"), on: node) { server in
                try server.register("work") { (number: Int) in
                    await Task.yield()
                    ran.add(number)
                    return number
                }
            }
            return (node, server)
        }
        var running = try await start(0)
        let isOver = Latch()
        let made = try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask {
                var number = 0
                while isOver.isClosed {
                    let answer: Int = try await caller.ask("Work", "work", number)
                    #expect(answer == number)
                    number += 1
                }
                return number
            }
            do {
                for round in 1...5 {
                    let next = try await start(round)
                    let before = ran.count
                    await ran.waitFor(before + 20)
                    await running.0.withdraw(running.1)
                    await cluster.shutDown(running.0)
                    running = next
                }
            } catch {
                isOver.open()
                throw error
            }
            isOver.open()
            return try await group.next() ?? 0
        }
        #expect(made >= 100)
        #expect(ran.elements == Array(0..<made), "each call ran once")
    }

    static func withdrawn(_ cluster: TestCluster) async throws {
        let (caller, one, two) = (try await cluster.node("a"), try await cluster.node("b"), try await cluster.node("c"))
        let first = try await cluster.serve("Chat", "b:Chat", on: one) { try $0.register("who") { "b" } }
        let second = try await cluster.serve("Chat", "c:Chat", on: two) { try $0.register("who") { "c" } }
        await one.withdraw(first)
        for _ in 0..<50 {
            let who: String = try await caller.ask("Chat", "who")
            #expect(who == "c")
        }
        await two.withdraw(second)
        #expect(await caller.failure(of: "Chat", "who")?.code == .notFound)
        #expect(await one.failure(of: "Chat", "who")?.code == .notFound)
    }

    static func servedAgain(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        for life in 0..<5 {
            let server = try await cluster.serve("Chat", "b:Chat", on: callee) { try $0.register("life") { life } }
            let answer: Int = try await caller.ask("Chat", "life")
            #expect(answer == life)
            await callee.withdraw(server)
            try await eventually("the withdrawal is known") { caller.view.candidate("b:Chat") == nil }
        }
    }

    static func callerShutsDown(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let latch = cluster.latch()
        let server = try await cluster.serve("Slow", "b:Slow", on: callee) { server in
            try server.register("wait") { await latch.pass() }
            try server.register("ping") { 1 }
        }
        let replies = Recorder<RPCReply>()
        for _ in 0..<200 { try caller.begin("Slow", "wait") { replies.add($0) } }
        try await eventually("the first run") { latch.arrivals > 0 }
        await cluster.shutDown(caller)
        let ended = await replies.waitFor(200)
        #expect(ended.compactMap(\.code) == Array(repeating: .shuttingDown, count: 200))
        let clock = ContinuousClock()
        let start = clock.now
        let after = await caller.failure(of: "Slow", "ping", timeout: .seconds(5))
        #expect(after?.code == .shuttingDown)
        #expect(after?.isSafeToResend == true)
        #expect(clock.now - start <= slack)
        latch.open()
        await server.drain()
        #expect(replies.count == 200)
    }

    static func calleeShutsDown(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let latch = cluster.latch()
        try await cluster.serve("Slow", "b:Slow", on: callee) { server in
            try server.register("wait") { await latch.pass() }
        }
        let replies = Recorder<RPCReply>()
        for _ in 0..<200 { try caller.begin("Slow", "wait") { replies.add($0) } }
        try await eventually("all run") { latch.arrivals == 200 }
        let clock = ContinuousClock()
        let start = clock.now
        await cluster.shutDown(callee)
        let ended = await replies.waitFor(200)
        #expect(clock.now - start <= slack)
        #expect(ended.compactMap(\.code) == Array(repeating: .interrupted, count: 200))
        #expect(await caller.failure(of: "Slow", "wait")?.code == .notFound)
    }

    static func calleeKilled(_ cluster: TestCluster) async throws {
        let (caller, victim, heir) = (
            try await cluster.node("a"), try await cluster.node("b"), try await cluster.node("c")
        )
        let latch = cluster.latch()
        for node in [victim, heir] {
            let name = node.id
            try await cluster.serve("Work", InstanceID("\(name):Work"), on: node) { server in
                try server.register("wait") { await latch.pass() }
                try server.register("who") { name.rawValue }
            }
        }
        let replies = Recorder<RPCReply>()
        for _ in 0..<20 {
            // A deadline that comes first would hide what was found out.
            try caller.begin(.instance("b:Work"), "wait", timeout: .seconds(60)) { replies.add($0) }
        }
        try await eventually("all run") { latch.arrivals == 20 }
        await cluster.kill(victim)
        // From now on all that goes to the dead comes back. Within a process the news ends all calls that are out, of before
        // the kill and after it.
        try await eventually("the kill is known") { caller.view.candidate("b:Work") == nil }
        for _ in 0..<30 {
            let who: String = try await caller.ask("Work", "who")
            #expect(who == "c")
        }
        #expect(await caller.failure(of: .instance("b:Work"), "who")?.code == .notFound)
        let ended = await replies.waitFor(20)
        #expect(ended.compactMap(\.code) == Array(repeating: .interrupted, count: 20))
        latch.open()
    }
}

import MqantRPC
import MqantTesting
import Testing

extension TransportContract {
    static var orderChecks: [ContractCheck] {
        [
            ContractCheck("calls of one session are served in the order in which they were made", orderPerSession),
            ContractCheck("a session that waits holds up no other session", sessionsAreIndependent),
            ContractCheck("casts and calls of one session keep their order among each other", castsAndCallsInOrder),
            ContractCheck("serial functions run one call at a time, in order", serialInOrder),
        ]
    }

    static func orderPerSession(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let seen = Recorder<(session: SessionID, number: Int)>()
        try await cluster.serve("Chat", "b:Chat", on: callee) { server in
            try server.registerRaw("Handler_note") { request in
                // Handlers of other sessions get in between here.
                await Task.yield()
                let number = try ArgumentCoding.decode((Int.self), from: request)
                if let session = request.session { seen.add((session.id, number)) }
                return ArgumentCoding.null
            }
        }
        let sessions = (0..<8).map { _ in SessionState.any() }
        let replies = Recorder<RPCReply>()
        for pair in 0..<50 {
            for session in sessions {
                for number in [2 * pair, 2 * pair + 1] {
                    try caller.begin("Chat", "Handler_note", number, session: session) { replies.add($0) }
                }
            }
        }
        let codes = await replies.waitFor(800).compactMap(\.code)
        #expect(codes.isEmpty)
        for session in sessions {
            let numbers = seen.elements.filter { $0.session == session.id }.map(\.number)
            #expect(numbers == Array(0..<100))
        }
    }

    static func sessionsAreIndependent(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let latch = cluster.latch()
        let (slow, fast) = (SessionState.any(), SessionState.any())
        try await cluster.serve("Chat", "b:Chat", on: callee) { server in
            try server.registerRaw("Handler_work") { request in
                if request.session?.id == slow.id { await latch.pass() }
                return ArgumentCoding.null
            }
        }
        let held = Recorder<RPCReply>()
        for _ in 0..<3 { try caller.begin("Chat", "Handler_work", session: slow) { held.add($0) } }
        for _ in 0..<10 {
            let _: Int? = try await caller.ask("Chat", "Handler_work", session: fast)
        }
        #expect(held.count == 0)
        latch.open()
        let codes = await held.waitFor(3).compactMap(\.code)
        #expect(codes.isEmpty)
    }

    static func castsAndCallsInOrder(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let seen = Recorder<Int>()
        try await cluster.serve("Chat", "b:Chat", on: callee) { server in
            try server.register("Handler_note") { (number: Int) in seen.add(number) }
        }
        let session = SessionState.any()
        let replies = Recorder<RPCReply>()
        for number in 0..<200 {
            if number % 3 == 0 {
                try caller.begin("Chat", "Handler_note", number, session: session) { replies.add($0) }
            } else {
                try caller.tell("Chat", "Handler_note", number, session: session)
            }
        }
        let numbers = await seen.waitFor(200)
        #expect(numbers == Array(0..<200))
        let codes = await replies.waitFor(67).compactMap(\.code)
        #expect(codes.isEmpty)
    }

    static func serialInOrder(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let seen = Recorder<Int>()
        let running = Recorder<Int>()
        try await cluster.serve("Chat", "b:Chat", on: callee) { server in
            try server.register("count", options: .serial) { (number: Int) in
                running.add(1)
                await Task.yield()
                #expect(running.elements.reduce(0, +) == 1)
                seen.add(number)
                running.add(-1)
            }
        }
        let replies = Recorder<RPCReply>()
        for number in 0..<200 { try caller.begin("Chat", "count", number) { replies.add($0) } }
        await replies.waitFor(200)
        #expect(seen.elements == Array(0..<200))
    }
}

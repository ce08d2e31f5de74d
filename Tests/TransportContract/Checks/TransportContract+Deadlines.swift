import MqantRPC
import MqantTesting
import NIOCore
import Testing

extension TransportContract {
    static var deadlineChecks: [ContractCheck] {
        [
            ContractCheck("a call without an answer ends as timeout, not before its deadline and soon after", timeouts),
            ContractCheck("a call without a timeout of its own gets the node's", defaultTimeout),
            ContractCheck("a timeout of zero or less ends at once", zeroTimeout),
            ContractCheck("a reply after the deadline is dropped and counted", lateReply),
            ContractCheck("a request that expired while it waited is not handled, and is counted", expiredRequest),
            ContractCheck("a cancelled call ends at once as cancelled; its reply is dropped", cancellation),
            ContractCheck("a call of a cancelled task ends at once", cancelledBefore),
        ]
    }

    /// How late a deadline may be, by docs/architecture.md#failure-semantics.
    static var lateness: Duration { .milliseconds(50) }
    /// The same on a machine that does other things too: no single call may take longer.
    static var slack: Duration { lateness + .seconds(2) }

    static func timeouts(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let latch = cluster.latch()
        try await cluster.serve("Slow", "b:Slow", on: callee) { server in
            try server.register("wait") { await latch.pass() }
        }
        let clock = ContinuousClock()
        var (rounds, isSoonEnough) = (0, false)
        // The machine may stand still for a moment, but not in every round.
        while !isSoonEnough, rounds < 20 {
            rounds += 1
            let ends = Recorder<(wanted: Duration, took: Duration, reply: RPCReply)>()
            for milliseconds in [120, 3, 35, 60, 90, 61, 10] {
                let start = clock.now
                try caller.begin("Slow", "wait", timeout: .milliseconds(Int64(milliseconds))) { reply in
                    ends.add((.milliseconds(milliseconds), clock.now - start, reply))
                }
            }
            let all = await ends.waitFor(7)
            for end in all {
                #expect(end.reply.code == .timeout)
                #expect(end.took >= end.wanted)
                #expect(end.took <= end.wanted + slack)
            }
            isSoonEnough = all.allSatisfy { $0.took <= $0.wanted + lateness }
        }
        #expect(isSoonEnough, "in none of \(rounds) rounds did all calls end within \(lateness) of their deadlines")
        #expect(caller.statistics.timeouts == 7 * rounds)
    }

    static func defaultTimeout(_ cluster: TestCluster) async throws {
        let caller = try await cluster.node("a") { $0.defaultTimeout = .milliseconds(40) }
        let callee = try await cluster.node("b")
        let latch = cluster.latch()
        try await cluster.serve("Slow", "b:Slow", on: callee) { server in
            try server.register("wait") { await latch.pass() }
        }
        let clock = ContinuousClock()
        let start = clock.now
        let error = await caller.failure(of: "Slow", "wait")
        #expect(error?.code == .timeout)
        #expect(error?.outcome == .unknown)
        #expect(clock.now - start >= .milliseconds(40))
        #expect(clock.now - start <= .milliseconds(40) + slack)
    }

    static func zeroTimeout(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let latch = cluster.latch()
        try await cluster.serve("Slow", "b:Slow", on: callee) { server in
            try server.register("wait") { await latch.pass() }
        }
        let ends = Recorder<RPCReply>()
        for round in 0..<30 {
            // A node whose clock was stopped by one of these ends none of the later ones.
            for timeout in [TimeAmount.zero, .milliseconds(-1), .nanoseconds(1), .nanoseconds(.min)] {
                try caller.begin("Slow", "wait", timeout: timeout) { ends.add($0) }
            }
            try await eventually("all calls of round \(round) end") { ends.count == 4 * (round + 1) }
        }
        #expect(ends.elements.allSatisfy { $0.code == .timeout })
    }

    static func lateReply(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let latch = cluster.latch()
        try await cluster.serve("Slow", "b:Slow", on: callee) { server in
            try server.register("wait") { await latch.pass() }
            try server.register("ping") { 1 }
        }
        let ends = Recorder<RPCReply>()
        try caller.begin("Slow", "wait", timeout: .milliseconds(300)) { ends.add($0) }
        try await eventually("the handler runs") { latch.arrivals == 1 }
        let first = await ends.waitFor(1)
        #expect(first.map(\.code) == [.timeout])
        #expect(caller.statistics.lateReplies == 0)
        // The slot of the call that timed out is in use again when its reply comes.
        let again = Recorder<RPCReply>()
        try caller.begin("Slow", "wait") { again.add($0) }
        try await eventually("the handler runs again") { latch.arrivals == 2 }
        latch.open()
        let second = await again.waitFor(1)
        #expect(second.map(\.code) == [nil])
        try await eventually("the late reply is counted") { caller.statistics.lateReplies == 1 }
        let one: Int = try await caller.ask("Slow", "ping")
        #expect(one == 1)
        #expect(ends.count == 1)
        #expect(again.count == 1)
    }

    static func expiredRequest(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let latch = cluster.latch()
        let handled = Recorder<String>()
        let server = try await cluster.serve("Slow", "b:Slow", on: callee) { server in
            try server.register("work", options: .serial) { (name: String) in
                handled.add(name)
                if name == "first" { await latch.pass() }
            }
        }
        let ends = Recorder<RPCReply>()
        try caller.begin("Slow", "work", "first") { ends.add($0) }
        try await eventually("the first runs") { latch.arrivals == 1 }
        let error = try await #require(throws: RPCError.self) {
            let _: Int? = try await caller.ask("Slow", "work", "expired", timeout: .milliseconds(30))
        }
        #expect(error.code == .timeout)
        latch.open()
        let _: Int? = try await caller.ask("Slow", "work", "last")
        #expect(handled.elements == ["first", "last"])
        #expect(server.statistics.expired == 1)
        let codes = await ends.waitFor(1).compactMap(\.code)
        #expect(codes.isEmpty)
    }

    static func cancellation(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let latch = cluster.latch()
        try await cluster.serve("Slow", "b:Slow", on: callee) { server in
            try server.register("wait") { await latch.pass() }
        }
        let failure: RPCError? = try await withThrowingTaskGroup(of: RPCError?.self) { group in
            group.addTask { await caller.failure(of: "Slow", "wait") }
            try await eventually("the handler runs") { latch.arrivals == 1 }
            group.cancelAll()
            return try await group.next() ?? nil
        }
        #expect(failure?.code == .cancelled)
        #expect(failure?.outcome == .unknown)
        latch.open()
        try await eventually("the late reply is counted") { caller.statistics.lateReplies == 1 }
    }

    static func cancelledBefore(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let latch = cluster.latch()
        try await cluster.serve("Slow", "b:Slow", on: callee) { server in
            try server.register("wait") { await latch.pass() }
        }
        let failure: RPCError? = await withTaskGroup(of: RPCError?.self) { group in
            group.cancelAll()
            group.addTask { await caller.failure(of: "Slow", "wait") }
            return await group.next() ?? nil
        }
        #expect(failure?.code == .cancelled)
    }
}

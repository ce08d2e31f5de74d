import MqantRPC
import NIOCore
import Testing

extension TransportContract {
    static var confirmChecks: [ContractCheck] {
        [
            ContractCheck("confirmed sends to a queue arrive in order, and each is told", confirmedInOrder),
            ContractCheck("a confirmed send to a queue that is gone is told so alone", confirmedReturn),
        ]
    }

    /// A confirmed send of a number to the queue of `b:Chat`, as the caller knows it.
    private static func send(
        _ number: Int, from caller: RPCNode, _ cluster: TestCluster, _ outcomes: Recorder<DeliveryOutcome>
    ) throws {
        let queue = try #require(caller.view.candidate("b:Chat")?.instance.queue)
        var request = RPCRequest(function: "note", payload: try ArgumentCoding.encode(arguments: number))
        request.headers["group"] = "room"
        try cluster.transport(of: caller).send(request, to: queue) { outcomes.add($0) }
    }

    static func confirmedInOrder(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let seen = Recorder<Int>()
        let groups = Recorder<String?>()
        try await cluster.serve("Chat", "b:Chat", on: callee) { server in
            try server.registerRaw("note", options: .serial) { request in
                groups.add(request.headers["group"])
                seen.add(try ArgumentCoding.decode((Int.self), from: request))
                return ArgumentCoding.null
            }
        }
        let outcomes = Recorder<DeliveryOutcome>()
        for number in 0..<500 { try send(number, from: caller, cluster, outcomes) }
        let numbers = await seen.waitFor(500)
        #expect(numbers == Array(0..<500))
        let told = await outcomes.waitFor(500)
        #expect(told.allSatisfy { if case .delivered = $0 { true } else { false } })
        #expect(told.count == 500 && groups.elements.allSatisfy { $0 == "room" })
    }

    static func confirmedReturn(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        try await cluster.serve("Chat", "b:Chat", on: callee) { server in try server.register("note") { (_: Int) in } }
        let queue = try #require(caller.view.candidate("b:Chat")?.instance.queue)
        await cluster.removeQueue(of: "b:Chat", on: callee)
        let outcomes = Recorder<DeliveryOutcome>()
        let request = RPCRequest(function: "note", payload: try ArgumentCoding.encode(arguments: 1))
        for _ in 0..<3 { try cluster.transport(of: caller).send(request, to: queue) { outcomes.add($0) } }
        let told = await outcomes.waitFor(3)
        #expect(told.allSatisfy { if case .returned = $0 { true } else { false } })
        // Had it come back as other requests do, it would count as a cast that is lost.
        #expect(told.count == 3 && caller.statistics.lostCasts == 0)
    }
}

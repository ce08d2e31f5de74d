import MqantRPC
import MqantTesting
import NIOCore
import Testing

extension TransportContract {
    static var callFaultChecks: [ContractCheck] {
        [
            ContractCheck("every call ends once: with its own answer or a named error; none runs twice", everyCallEnds),
            ContractCheck("calls succeed again once the network is well", recovery),
            ContractCheck("an instance killed under load loses only calls that it had", killedUnderLoad),
        ]
    }

    /// What a lossy network may do to a call. `remote`, `invalidResult` and the like would be wrong answers.
    private static var excusable: Set<RPCError.Code> { [.timeout, .notFound, .interrupted] }

    private struct End: Sendable {
        var number: Int
        var reply: RPCReply
    }

    private static func workers(
        _ names: [NodeID], in cluster: TestCluster, ran: Recorder<Int>
    ) async throws -> [RPCNode] {
        var nodes: [RPCNode] = []
        for name in names {
            let node = try await cluster.node(name)
            try await cluster.serve("Work", InstanceID("\(name):Work"), on: node) { server in
                try server.register("double") { (number: Int) in
                    ran.add(number)
                    await Task.yield()
                    return number * 2
                }
            }
            nodes.append(node)
        }
        return nodes
    }

    static func everyCallEnds(_ cluster: TestCluster) async throws {
        let ran = Recorder<Int>()
        let caller = try await cluster.node("a")
        _ = try await workers(["b", "c", "d"], in: cluster, ran: ran)
        let ends = Recorder<End>()
        for number in 0..<900 {
            let endpoint: Endpoint = number % 2 == 0 ? "Work" : .keyed("Work", key: "room \(number % 50)")
            try caller.begin(endpoint, "double", number, timeout: .milliseconds(500)) { reply in
                ends.add(End(number: number, reply: reply))
            }
            // What came back wrongly took an instance out of the view until it announces itself again.
            if number % 50 == 0 { try await cluster.everyNodeKnows("b:Work") }
        }
        let all = await ends.waitFor(900)
        check(all, count: 900, ran: ran.elements)
        #expect(all.filter { $0.reply.code == nil }.count > 100, "the network loses some, not most")
        #expect(ends.count == 900)
    }

    static func recovery(_ cluster: TestCluster) async throws {
        let ran = Recorder<Int>()
        let caller = try await cluster.node("a")
        _ = try await workers(["b", "c"], in: cluster, ran: ran)
        let ends = Recorder<End>()
        for number in 0..<300 {
            try caller.begin("Work", "double", number, timeout: .milliseconds(200)) { reply in
                ends.add(End(number: number, reply: reply))
            }
        }
        check(await ends.waitFor(300), count: 300, ran: ran.elements)
        (cluster.network as? SeededNetwork)?.heal()
        for id in ["b:Work", "c:Work"] as [InstanceID] { try await cluster.everyNodeKnows(id) }
        for number in 1000..<1100 {
            let answer: Int = try await caller.ask("Work", "double", number)
            #expect(answer == number * 2)
        }
    }

    static func killedUnderLoad(_ cluster: TestCluster) async throws {
        let ran = Recorder<Int>()
        let caller = try await cluster.node("a")
        let workers = try await workers(["b", "c"], in: cluster, ran: ran)
        let ends = Recorder<End>()
        for number in 0..<600 {
            if number == 300 { await cluster.kill(workers[0]) }
            // What came back wrongly took the instance out of the view until it announces itself again.
            if number % 20 == 0 { try await cluster.everyNodeKnows("c:Work") }
            try caller.begin("Work", "double", number, timeout: .milliseconds(500)) { reply in
                ends.add(End(number: number, reply: reply))
            }
        }
        let all = await ends.waitFor(600)
        check(all, count: 600, ran: ran.elements)
        #expect(all.contains { $0.number >= 300 && $0.reply.code == nil }, "the other instance goes on")
    }

    private static func check(_ ends: [End], count: Int, ran: [Int]) {
        #expect(ends.count == count)
        #expect(Set(ends.map(\.number)).count == count, "a call ended twice")
        for end in ends {
            switch end.reply {
            case .success: #expect(end.reply.value(as: Int.self) == end.number * 2)
            case .failure(let error): #expect(excusable.contains(error.code), "\(error)")
            }
        }
        #expect(Set(ran).count == ran.count, "a handler ran twice for one call")
        let answered = Set(ends.filter { $0.reply.code == nil }.map(\.number))
        #expect(answered.isSubset(of: ran))
    }
}

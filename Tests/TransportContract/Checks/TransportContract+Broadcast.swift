import MqantRPC
import NIOCore
import Testing

extension TransportContract {
    static var broadcastChecks: [ContractCheck] {
        [
            ContractCheck("a cast to all instances of a type reaches each of them once, and nobody else", castToAll),
            ContractCheck("a cast to all instances of a type that has none throws notFound", castToAllOfNone),
            ContractCheck("a call of all instances of a type has an answer, or an error, of each", callOfAll),
        ]
    }

    private static func serveStats(
        in cluster: TestCluster, _ register: (RPCServer, InstanceID) throws -> Void
    ) async throws -> RPCNode {
        let caller = try await cluster.node("a")
        let others = [try await cluster.node("b"), try await cluster.node("c")]
        for (id, node) in zip(["a:Stats", "b:Stats", "c:Stats"] as [InstanceID], [caller] + others) {
            try await cluster.serve("Stats", id, on: node) { try register($0, id) }
        }
        try await cluster.serve("Other", "c:Other", on: others[1]) { try register($0, "c:Other") }
        return caller
    }

    static func castToAll(_ cluster: TestCluster) async throws {
        let seen = Recorder<String>()
        let caller = try await serveStats(in: cluster) { server, id in
            try server.register("played", options: .serial) { (table: Int) in seen.add("\(id) \(table)") }
        }
        let request = RPCRequest(function: "played", payload: try ArgumentCoding.encode(arguments: 7))
        try caller.cast(.all("Stats"), request)
        try caller.cast(.all("Other"), request)
        let all = await seen.waitFor(4)
        #expect(all.sorted() == ["a:Stats 7", "b:Stats 7", "c:Other 7", "c:Stats 7"])
        // What else had been sent would run before these.
        for id in ["a:Stats", "b:Stats", "c:Stats", "c:Other"] as [InstanceID] {
            let _: Int? = try await caller.ask(.instance(id), "played", 8)
        }
        #expect(seen.count == 8)
    }

    static func castToAllOfNone(_ cluster: TestCluster) async throws {
        let caller = try await cluster.node("a")
        let error = #expect(throws: RPCError.self) {
            try caller.cast(.all("Nope"), RPCRequest(function: "f", payload: ArgumentCoding.null))
        }
        #expect(error?.code == .notFound)
        #expect(caller.statistics.lostCasts == 1)
    }

    static func callOfAll(_ cluster: TestCluster) async throws {
        let caller = try await serveStats(in: cluster) { server, id in
            guard id != "c:Stats" else { return }
            try server.register("games") { (base: Int) in
                if id == "b:Stats" { throw HandlerError("no games at \(id)") }
                return base + 1
            }
        }
        let request = RPCRequest(function: "games", payload: try ArgumentCoding.encode(arguments: 1))
        let replies = await caller.callAll("Stats", request)
        #expect(replies.count == 3)
        #expect(replies["a:Stats"]?.value(as: Int.self) == 2)
        #expect(replies["b:Stats"] == .failure(RPCError(.remote, "no games at b:Stats")))
        #expect(replies["c:Stats"]?.code == .functionNotFound)
        let none = await caller.callAll("Nope", request)
        #expect(none.isEmpty)
    }
}

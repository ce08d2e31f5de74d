import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// Who is gone is known to all, though nobody may have a call out to it (docs/wire.md#4-announcements).
@Suite(.timeLimit(.minutes(3)))
struct MembershipTests {
    /// What issue 4 allows, and what this machine's other work takes.
    private static let bound = Duration.seconds(1) + .seconds(2)

    private func nodes(_ names: [NodeID], on network: RabbitMQNetwork) async throws -> [TestNode] {
        let nodes = try names.map { try TestNode($0, on: network) }
        for node in nodes {
            try await node.node.start()
            try await node.serve("Work", InstanceID("\(node.node.id):Work")) { server in
                try server.register("double") { (number: Int) in number * 2 }
            }
        }
        for node in nodes {
            for other in nodes { try await node.knows(InstanceID("\(other.node.id):Work")) }
        }
        return nodes
    }

    /// Aborts nodes at one moment, and returns how long the last of the others took to know of all.
    private func kill(_ victims: [TestNode], _ witnesses: [TestNode]) async throws -> Duration {
        let start = ContinuousClock.now
        for victim in victims { await victim.transport.abort() }
        for witness in witnesses {
            for victim in victims {
                try await eventually("\(witness.node.id) knows that \(victim.node.id) is gone") {
                    witness.node.view.peers[victim.node.id] == nil
                }
            }
        }
        return ContinuousClock.now - start
    }

    @Test func aKilledNodeIsKnownToBeGoneByAll() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let all = try await nodes(["a", "b", "c", "d", "e"], on: network)
        let (victim, others) = (all[2], all.filter { $0.node.id != "c" })
        #expect(try await kill([victim], others) < Self.bound)
        for node in others { #expect(node.node.view.candidates(of: "Work").count == 4) }
        for node in others { await node.shutDown() }
    }

    @Test func neighboursThatAreKilledTogetherAreKnownToBeGone() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let all = try await nodes(["a", "b", "c", "d", "e", "f"], on: network)
        // The ends of the ring too: the last one's neighbour is the first.
        let victims = all.filter { ["a", "b", "e", "f"].contains($0.node.id) }
        let others = all.filter { ["c", "d"].contains($0.node.id) }
        #expect(try await kill(victims, others) < Self.bound)
        for node in others { await node.shutDown() }
    }

    @Test func aNodeThatServesNothingIsForgottenWhenItIsKilled() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let all = try await nodes(["a", "b"], on: network)
        let visitor = try TestNode("visitor", on: network)
        try await visitor.node.start()
        try await eventually("it is known") { all.allSatisfy { $0.node.view.peers["visitor"] != nil } }
        #expect(try await kill([visitor], all) < Self.bound)
        for node in all { await node.shutDown() }
    }

    @Test func aNodeThatOnlyReconnectsComesBackUnderItsNewNames() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let all = try await nodes(["a", "b", "c"], on: network)
        let before = try #require(all[0].node.view.candidate("b:Work")?.instance.queue)
        all[1].transport.cut()
        for node in [all[0], all[2]] {
            try await eventually("its new incarnation is known") {
                node.node.view.candidate("b:Work").map { $0.instance.queue != before } ?? false
            }
            // Whatever proof of the former one comes late: it stays.
            #expect(await node.reply(.instance("b:Work"), "double", 4).text == "8")
        }
        for node in all { await node.shutDown() }
    }

    @Test func aNodeThatDoesNotProbeLeavesNobodyUnwatched() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let all = try await nodes(["a", "c"], on: network)
        // Of another language, between them in the ring, and announcing no more than it must.
        let raw = try await RawClient.connect(to: network)
        for sequence in 1...2 {
            try raw.publish(
                #"{"node":"b","sequence":\#(sequence),"instances":[{"id":"b:Dice","type":"Dice","queue":"\#(raw.queue)"}]}"#,
                to: "", exchange: "\(network.name).nodes"
            ) { $0.type = "announcement" }
        }
        for node in all { try await node.knows("b:Dice") }
        try await eventually("it is probed") { raw.hasReceived { $0.body.readableBytes == 0 } }
        #expect(try await kill([all[1]], [all[0]]) < Self.bound)
        // Its own end is noticed like any other's.
        await raw.connection.close()
        try await eventually("it is gone") { all[0].node.view.candidate("b:Dice") == nil }
        await all[0].shutDown()
    }

    @Test func proofFromOthersIsTaken() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let all = try await nodes(["a", "b"], on: network)
        let queue = try #require(all[0].node.view.candidate("b:Work")?.instance.queue)
        let raw = try await RawClient.connect(to: network)
        try raw.publish(#"{"node":"b","queues":["\#(queue)"]}"#, to: "", exchange: "\(network.name).nodes") {
            $0.type = "gone"
        }
        try await eventually("it is believed") { all[0].node.view.candidate("b:Work") == nil }
        // It was not true; who is there is heard again.
        try await all[0].knows("b:Work")
        await raw.connection.close()
        for node in all { await node.shutDown() }
    }
}

import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// Who is gone is known to all, though nobody may have a call out to it (docs/wire.md#4-announcements).
@Suite(.timeLimit(.minutes(3)))
struct MembershipTests {
    /// What is allowed, and what this machine's other work takes.
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
                #"{"version":2,"node":"b","sequence":\#(sequence),"instances":[{"id":"b:Dice","type":"Dice","queue":"\#(raw.queue)"}]}"#,
                to: "", exchange: "\(network.name).nodes"
            ) { $0.type = "member" }
        }
        for node in all { try await node.knows("b:Dice") }
        try await eventually("it is probed") { raw.hasReceived { $0.body.readableBytes == 0 } }
        #expect(try await kill([all[1]], [all[0]]) < Self.bound)
        // Its own end is noticed like any other's.
        await raw.connection.close()
        try await eventually("it is gone") { all[0].node.view.candidate("b:Dice") == nil }
        await all[0].shutDown()
    }

    @Test func aNodeThatDoesNotAnswerIsUnreachableToAllUntilItSaysOtherwise() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let all = try await nodes(["a", "c"], on: network)
        let events = all[0].node.membershipEvents()
        let raw = try await RawClient.connect(to: network)
        func announce(_ sequence: Int) throws {
            try raw.publish(
                #"{"node":"b","sequence":\#(sequence),"version":2,"host":"h","instances":[{"id":"b:Dice","type":"Dice","queue":"\#(raw.queue)"}]}"#,
                to: "", exchange: "\(network.name).nodes"
            ) { $0.type = "member" }
        }
        try announce(1)
        for node in all { try await node.knows("b:Dice") }
        for node in all {
            try await eventually("it is unreachable") { node.node.view.peers["b"]?.reachability == .unreachable }
            #expect(node.node.view.candidate("b:Dice") == nil)
        }
        try announce(2)
        for node in all { try await node.knows("b:Dice") }
        await raw.connection.close()
        for node in all { try await eventually("it is gone") { node.node.view.peers["b"] == nil } }
        var kinds: [MembershipEvent.Kind] = []
        for await event in events where event.node == "b" {
            kinds.append(event.kind)
            if event.kind == .died { break }
        }
        #expect(kinds == [.joined, .served, .unreachable, .reachable, .withdrawn, .died])
        for node in all { await node.shutDown() }
    }

    @Test func aNodeOfAnotherVersionIsRefusedByName() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let (logger, lines) = LogLines.logger()
        let node = try TestNode("a", on: network, logger: logger)
        try await node.node.start()
        let raw = try await RawClient.connect(to: network)
        let instances = #""instances":[{"id":"b:Dice","type":"Dice","queue":"q"}]"#
        for (name, type, version) in [("old", "announcement", ""), ("new", "member", #""version":3,"#)] {
            for sequence in 1...2 {
                try raw.publish(
                    #"{"node":"\#(name)","host":"10.1.2.3",\#(version)"sequence":\#(sequence),\#(instances)}"#,
                    to: "", exchange: "\(network.name).nodes"
                ) { $0.type = type }
            }
        }
        let text = "a node speaks another version of the protocol"
        try await eventually("both are named") { lines.count(of: text) == 2 }
        for (name, version) in [("old", 1), ("new", 3)] {
            #expect(
                lines.elements.contains {
                    $0.contains(text) && $0.contains("\"node\": \(name)") && $0.contains("10.1.2.3")
                        && $0.contains("\"version\": \(version)")
                }, "\(lines.elements)")
        }
        #expect(node.node.view.peers.isEmpty)
        await raw.connection.close()
        await node.shutDown()
    }

    @Test func proofFromOthersIsTaken() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let all = try await nodes(["a", "b"], on: network)
        let queue = try #require(all[0].node.view.candidate("b:Work")?.instance.queue)
        let raw = try await RawClient.connect(to: network)
        try raw.publish(#"{"version":2,"node":"b","queues":["\#(queue)"]}"#, to: "", exchange: "\(network.name).nodes")
        {
            $0.type = "gone"
        }
        try await eventually("it is believed") { all[0].node.view.candidate("b:Work") == nil }
        // It was not true; who is there is heard again.
        try await all[0].knows("b:Work")
        await raw.connection.close()
        for node in all { await node.shutDown() }
    }
}

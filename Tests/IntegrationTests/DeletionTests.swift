import Logging
import MqantAMQPURI
import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// What an operator deletes at the broker, by hand or by a policy, is there again, and nobody's calls notice.
@Suite(.timeLimit(.minutes(3)))
struct DeletionTests {
    private static func declareLock(_ network: RabbitMQNetwork, _ id: InstanceID) -> QueueDeclaration {
        var lock = QueueDeclaration(name: "\(network.name).lock.\(id)")
        lock.isExclusive = true
        lock.arguments = ["x-queue-type": "classic"]
        return lock
    }

    /// Whether nobody has the lock of an Id.
    private func isFree(_ id: InstanceID, _ network: RabbitMQNetwork) async throws -> Bool {
        let client = try await RawClient.connect(to: network)
        do {
            try await client.channel.declareQueue(Self.declareLock(network, id))
            await client.connection.close()
            return true
        } catch let error as RabbitMQError where error.replyCode == 405 {
            await client.connection.close()
            return false
        }
    }

    // MARK: Locks

    @Test func aLockThatIsDeletedIsTakenAgain() async throws {
        let broker = try await SharedBroker.get()
        let network = RabbitMQNetwork(broker: broker)
        let (logger, lines) = LogLines.logger()
        let node = try TestNode("n", on: network, logger: logger)
        try await node.node.start()
        try await node.serve("Work", "x:Work") { server in try server.register("double") { (number: Int) in number * 2 }
        }
        let queue = node.node.view.local["x:Work"]?.queue
        try await broker.ctl("delete_queue", "\(network.name).lock.x:Work")
        try await eventually("it notices") { lines.count(of: "was deleted: taking it again") == 1 }
        try await eventually("it has the lock again") {
            node.transport.queueNames.contains { $0.rawValue.contains(".lock.") }
        }
        #expect(try await !isFree("x:Work", network))
        #expect(node.node.view.local["x:Work"]?.queue == queue)
        #expect(node.transport.statistics.connections == 1)
        await node.shutDown()
        #expect(try await isFree("x:Work", network), "it leaves nothing behind")
    }

    @Test func aLockDoesNotExpire() async throws {
        let broker = try await SharedBroker.get()
        let network = RabbitMQNetwork(broker: broker)
        try await broker.ctl(
            "set_policy", network.name, "^\(network.name)\\.lock\\.", #"{"expires":12000}"#, "--apply-to", "queues")
        let (logger, lines) = LogLines.logger()
        let node = try TestNode("n", on: network, logger: logger)
        try await node.node.start()
        try await node.serve("Work", "x:Work")
        // More than its time: nothing tells that a queue did not expire. It is used every second, and a busy machine may be late.
        try await Task.sleep(for: .seconds(14))
        #expect(lines.count(of: "was deleted") == 0)
        #expect(try await !isFree("x:Work", network))
        await node.shutDown()
        try await broker.ctl("clear_policy", network.name)
    }

    @Test func anIdThatALiveNodeServesIsRefusedThoughItsLockIsGone() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let node = try TestNode("n", on: network)
        try await node.node.start()
        let stranger = try await RawClient.connect(to: network)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 1... {
                    let body = """
                        {"version":2,"node":"stranger","host":"10.1.2.3","sequence":\(number),
                         "instances":[{"id":"x:Work","type":"Work","queue":"\(stranger.queue)"}]}
                        """
                    try stranger.publish(body, to: "", exchange: "\(network.name).nodes") { properties in
                        (properties.type, properties.appID) = ("member", "stranger")
                    }
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            try await node.knows("x:Work")
            let error = try await #require(throws: RPCError.self) { try await node.serve("Work", "x:Work") }
            #expect(error.code == .instanceTaken)
            #expect(error.message.contains("stranger") && error.message.contains("10.1.2.3"))
            group.cancelAll()
            while await group.nextResult() != nil {}
        }
        #expect(try await isFree("x:Work", network), "it is left to the one that serves")
        // Who is silent is not refused for.
        try await node.serve("Work", "x:Work")
        await node.shutDown()
        await stranger.connection.close()
    }

    // MARK: Exchanges

    /// A Gate on `b`, bound to `room`, and a speaker on `a`; nobody reconnects.
    private func withRoom(
        _ body: (_ speaker: TestNode, _ gate: TestNode, _ operator: RawClient, _ network: RabbitMQNetwork) async throws
            -> Void
    ) async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let (logger, lines) = LogLines.logger()
        let speaker = try TestNode("a", on: network, logger: logger)
        let gate = try TestNode("b", on: network, logger: logger)
        for node in [speaker, gate] { try await node.node.start() }
        let pushes = Log<GroupPush>()
        try await gate.serve("Work", "b:Work") { server in
            try server.register("double") { (number: Int) in number * 2 }
            server.receivePushes { pushes.add($0) }
        }
        try await speaker.serve("Work", "a:Work") { server in
            try server.register("double") { (number: Int) in number * 2 }
        }
        try await speaker.knows("b:Work")
        try await gate.subscribe("b:Work", to: "room")
        let person = try await RawClient.connect(to: network)
        try await body(speaker, gate, person, network)
        try await eventually("a push arrives") {
            let isRouted = try? await speaker.node.pushConfirmed(push("room")) == .routed
            return isRouted == true && pushes.count > 0
        }
        #expect(await speaker.reply(.instance("b:Work"), "double", 21).text == "42")
        for node in [speaker, gate] {
            #expect(node.transport.statistics.connections == 1, "a reconnect: \(lines.elements)")
        }
        await person.connection.close()
        for node in [speaker, gate] { await node.shutDown() }
    }

    private func push(_ group: GroupName) -> GroupPush {
        GroupPush(group: group, topic: "t", qos: 0, body: ByteBuffer(string: "x"))
    }

    private func declare(_ name: String, _ kind: ExchangeDeclaration.Kind, _ person: RawClient) async throws {
        var exchange = ExchangeDeclaration(name: name, kind: kind)
        exchange.isDurable = true
        try await person.channel.declareExchange(exchange)
    }

    /// - Parameter isBack: somebody else has declared it again before anybody noticed.
    @Test(arguments: [false, true]) func theExchangeOfAnnouncementsIsDeleted(isBack: Bool) async throws {
        try await withRoom { speaker, gate, person, network in
            let name = "\(network.name).nodes"
            try await person.channel.deleteExchange(name)
            if isBack { try await declare(name, .fanout, person) }
            // Somebody comes while the others may be deaf.
            let late = try TestNode("c", on: network)
            try await late.node.start()
            try await late.serve("Work", "c:Work") { server in
                try server.register("double") { (number: Int) in number * 2 }
            }
            for node in [speaker, gate] { try await node.knows("c:Work") }
            for id in ["a:Work", "b:Work"] as [InstanceID] { try await late.knows(id) }
            await late.shutDown()
            for node in [speaker, gate] {
                try await eventually("they hear its goodbye") { node.node.view.peers["c"] == nil }
            }
        }
    }
}

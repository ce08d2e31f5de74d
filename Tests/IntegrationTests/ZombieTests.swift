import Logging
import MqantAMQPURI
import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// docs/architecture.md#failure-semantics, "a node reconnects after a cut": its former connection may live on at the
/// broker, or somebody may have taken
/// its place. A proxy stands between node and broker.
@Suite(.timeLimit(.minutes(3)))
struct ZombieTests {
    private func node(
        _ network: RabbitMQNetwork, over proxies: [TCPProxy], logger: Logger = RabbitMQNetwork.logger
    ) throws -> TestNode {
        // Often: a test waits for several repetitions.
        var timing = MembershipTiming()
        timing.repeatInterval = .seconds(1)
        return try TestNode("b", on: network, logger: logger, timing: timing) { configuration in
            // Long enough for a machine that stands still for a while.
            configuration.connection.heartbeat = .seconds(2)
            configuration.firstURI = 0
            guard let direct = configuration.connection.uris.first else { return }
            configuration.connection.uris = proxies.map { proxy in
                var uri = direct
                uri.port = UInt16(clamping: proxy.port)
                return uri
            }
        }
    }

    private func serve(_ node: TestNode, _ name: String) async throws {
        try await node.serve("Work", "b:Work") { server in try server.register("who") { (_: Int) in name } }
    }

    private func hasLock(_ node: TestNode) -> Bool {
        node.transport.queueNames.contains { $0.rawValue.hasSuffix("lock.b:Work") }
    }

    private func queue(of node: TestNode) -> QueueName? { node.node.view.local["b:Work"]?.queue }

    private func queue(seenBy node: TestNode) -> QueueName? { node.node.view.candidate("b:Work")?.instance.queue }

    @Test func aNodeServesWhileItsZombieHasTheLockAndTakesItThen() async throws {
        let broker = try await SharedBroker.get()
        let network = RabbitMQNetwork(broker: broker)
        let proxy = try await TCPProxy.start(to: broker.port)
        let (caller, callee) = (try TestNode("a", on: network), try node(network, over: [proxy]))
        for node in [caller, callee] { try await node.node.start() }
        try await serve(callee, "callee")
        try await caller.knows("b:Work")
        #expect(hasLock(callee))

        proxy.silence()
        let former = queue(of: callee)
        try await eventually("it is back by another way") {
            queue(of: callee) != former && queue(seenBy: caller) == queue(of: callee)
        }
        #expect(proxy.open >= 4, "the broker believes in the former connections too")
        for _ in 0..<20 { #expect(await caller.reply(.instance("b:Work"), "who").text == #""callee""#) }
        #expect(!hasLock(callee))

        proxy.cutSilenced()
        try await eventually("it has its lock again") {
            await caller.reply(.instance("b:Work"), "who").text == #""callee""# && hasLock(callee)
        }
        for node in [caller, callee] { await node.shutDown() }
        await proxy.close()
    }

    @Test func whoTookTheIdOfANodeThatWasAwayKeepsItAndIsNamed() async throws {
        let broker = try await SharedBroker.get()
        let network = RabbitMQNetwork(broker: broker)
        let proxy = try await TCPProxy.start(to: broker.port)
        let (logger, lines) = LogLines.logger()
        let (caller, heir) = (try TestNode("a", on: network), try TestNode("c", on: network, host: "10.1.2.3"))
        let callee = try node(network, over: [proxy], logger: logger)
        for node in [caller, heir, callee] { try await node.node.start() }
        try await serve(callee, "callee")
        try await caller.knows("b:Work")

        proxy.refuse()
        proxy.cut()
        try await serve(heir, "heir")
        try await eventually("the heir is known") { queue(seenBy: caller) == queue(of: heir) }
        #expect(await caller.reply(.instance("b:Work"), "who").text == #""heir""#)

        let witness = try await RawClient.connect(to: network)
        try await witness.channel.bind(
            QueueBinding(queue: witness.queue, exchange: "\(network.name).nodes", routingKey: ""))
        proxy.refuse(false)
        let text = "another process serves an Id of this node"
        try await eventually("it learns who has it") { lines.count(of: text) == 1 }
        #expect(lines.elements.contains { $0.contains(text) && $0.contains("10.1.2.3") && $0.contains("b:Work") })
        let before = witness.replies.count { $0.properties.appID == "b" && $0.properties.type == "member" }
        try await eventually("it gives way") { queue(seenBy: caller) == queue(of: heir) }
        try await eventually("it goes on to announce itself") {
            witness.replies.count { $0.properties.appID == "b" && $0.properties.type == "member" } >= before + 3
        }
        let news = witness.replies.filter { $0.properties.appID == "b" && $0.properties.type == "member" }.suffix(2)
        #expect(news.allSatisfy { !String(buffer: $0.body).contains("b:Work") }, "and not the Id")
        #expect(await caller.reply(.instance("b:Work"), "who").text == #""heir""#)
        #expect(await callee.reply(.any("Work"), "who").text == #""heir""#, "also who asks in its own process")
        #expect(await callee.reply(.keyed("Work", key: "k"), "who").text == #""heir""#)
        #expect(await callee.reply(.instance("b:Work"), "who").text == #""callee""#, "its sessions are there")
        #expect(!hasLock(callee))

        await heir.shutDown()
        try await eventually("the Id is its own again") { queue(seenBy: caller) == queue(of: callee) }
        #expect(hasLock(callee))
        for node in [caller, callee] { #expect(await node.reply(.any("Work"), "who").text == #""callee""#) }
        #expect(lines.count(of: text) == 1)
        for node in [caller, callee] { await node.shutDown() }
        await witness.connection.close()
        await proxy.close()
    }

    /// The former holder comes back while the broker still believes in its former connection, which has the lock.
    @Test func whoComesBackGivesWayToASuccessorWithoutTheLock() async throws {
        let broker = try await SharedBroker.get()
        let network = RabbitMQNetwork(broker: broker)
        let proxy = try await TCPProxy.start(to: broker.port)
        let (logger, lines) = LogLines.logger()
        let (caller, heir) = (try TestNode("a", on: network), try TestNode("c", on: network, host: "10.1.2.3"))
        let callee = try node(network, over: [proxy], logger: logger)
        for node in [caller, heir, callee] { try await node.node.start() }
        try await serve(callee, "callee")
        try await caller.knows("b:Work")

        proxy.silence()
        proxy.refuse()
        try await serve(heir, "heir")
        #expect(!hasLock(heir))
        try await eventually("the heir is known") { queue(seenBy: caller) == queue(of: heir) }
        let former = queue(of: callee)
        try await eventually("the former one knows that it is cut off") { !callee.transport.isConnected }
        proxy.refuse(false)
        let text = "another process serves an Id of this node"
        try await eventually("it gives way") { queue(of: callee) != former && lines.count(of: text) == 1 }
        for _ in 0..<20 { #expect(await caller.reply(.instance("b:Work"), "who").text == #""heir""#) }
        proxy.cutSilenced()
        try await eventually("the successor gets the lock") { hasLock(heir) }
        #expect(!hasLock(callee))

        await heir.shutDown()
        try await eventually("the Id is its own again") {
            queue(seenBy: caller) == queue(of: callee) && hasLock(callee)
        }
        for node in [caller, callee] { await node.shutDown() }
        await proxy.close()
    }

    @Test func aNodeGoesOnAtTheURIAfterTheOneThatItLost() async throws {
        let broker = try await SharedBroker.get()
        let network = RabbitMQNetwork(broker: broker)
        var proxies: [TCPProxy] = []
        for _ in 0..<3 { proxies.append(try await TCPProxy.start(to: broker.port)) }
        let lone = try node(network, over: proxies)
        try await lone.node.start()
        // Each of them takes connections all the time.
        for turn in 0..<4 {
            let (present, next) = (proxies[turn % 3], proxies[(turn + 1) % 3])
            #expect(present.open == 2)
            present.cut()
            try await eventually("it is at the next one") { next.open == 2 && lone.transport.isConnected }
            #expect(proxies.reduce(0) { $0 + $1.open } == 2)
        }
        #expect(proxies.map(\.accepted) == [4, 4, 2])
        await lone.shutDown()
        for proxy in proxies { await proxy.close() }
    }

    @Test func aNodeGoesOnAtTheNextURI() async throws {
        let broker = try await SharedBroker.get()
        let network = RabbitMQNetwork(broker: broker)
        let (first, second) = (try await TCPProxy.start(to: broker.port), try await TCPProxy.start(to: broker.port))
        let (caller, callee) = (try TestNode("a", on: network), try node(network, over: [first, second]))
        for node in [caller, callee] { try await node.node.start() }
        try await serve(callee, "callee")
        try await caller.knows("b:Work")
        #expect(first.open == 2)
        #expect(second.accepted == 0)

        for (dying, living) in [(first, second), (second, first)] {
            living.refuse(false)
            dying.refuse()
            let former = queue(of: callee)
            dying.cut()
            try await eventually("it is at the other") {
                living.open == 2 && queue(of: callee) != former && queue(seenBy: caller) == queue(of: callee)
            }
            #expect(dying.open == 0)
            #expect(await caller.reply(.instance("b:Work"), "who").text == #""callee""#)
            try await eventually("with its lock") { hasLock(callee) }
        }
        for node in [caller, callee] { await node.shutDown() }
        for proxy in [first, second] { await proxy.close() }
    }
}

import Logging
import MqantAMQPURI
import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// What the broker's user may not do is found at start, said in one line, and may be mended meanwhile; what it may not do
/// any more makes no storm.
@Suite(.timeLimit(.minutes(3)))
struct PermissionTests {
    enum Right: CaseIterable { case configure, write, read }

    /// One right that is missing.
    struct Missing: Sendable, CustomTestStringConvertible {
        let right: Right
        /// A pattern, in which `N` stands for the network's name.
        let thing: String

        var testDescription: String { "\(right) on \(thing)" }
    }

    static let missing = [
        Missing(right: .configure, thing: "N.nodes"), Missing(right: .write, thing: "amq.default"),
        Missing(right: .write, thing: "N.nodes"), Missing(right: .read, thing: "N.nodes"),
        Missing(right: .configure, thing: "N.replies."), Missing(right: .read, thing: "N.replies."),
        Missing(right: .configure, thing: "N.nodes."), Missing(right: .write, thing: "N.nodes."),
        Missing(right: .read, thing: "N.nodes."), Missing(right: .configure, thing: "N.lock."),
        Missing(right: .configure, thing: "N.calls."), Missing(right: .read, thing: "N.calls."),
    ]

    @Test func everyMissingPermissionIsNamedAtStart() async throws {
        let broker = try await SharedBroker.get()
        let cases = Self.missing.map { (missing: $0, network: RabbitMQNetwork(broker: broker)) }
        try await BrokerUser.set(cases.map { Self.user($0.network.name, lacking: $0.missing) }, at: broker)
        // All the same, with all that a node needs.
        let allowed = RabbitMQNetwork(broker: broker)
        try await BrokerUser.set([BrokerUser(name: allowed.name)], at: broker)
        try await start(in: allowed)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for one in cases {
                group.addTask {
                    let start = ContinuousClock.now
                    let error = try await #require(throws: RPCError.self, "\(one.missing)") {
                        try await self.start(in: one.network)
                    }
                    #expect(ContinuousClock.now - start >= .milliseconds(400), "\(one.missing): it may come meanwhile")
                    let thing = one.missing.thing.replacing("N.", with: one.network.name + ".")
                    for text in [
                        "'" + thing, "amqp://\(one.network.name)@127.0.0.1:\(broker.port)/", "set_permissions",
                        "the \(one.missing.right) permission",
                    ] {
                        #expect(error.message.contains(text), "\(one.missing): \(text) in \(error.message)")
                    }
                    #expect(!error.message.contains(BrokerUser.password))
                    #expect(!error.message.contains("\n"))
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func aPermissionThatComesLater() async throws {
        let broker = try await SharedBroker.get()
        // One is missed by the connection, one by the instance.
        let missing = [
            Missing(right: .write, thing: "amq.default"), Missing(right: .configure, thing: "N.calls."),
        ]
        let cases = missing.map { (missing: $0, network: RabbitMQNetwork(broker: broker)) }
        try await BrokerUser.set(cases.map { Self.user($0.network.name, lacking: $0.missing) }, at: broker)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let logs = cases.map { _ in LogLines.logger() }
            for (one, log) in zip(cases, logs) {
                group.addTask { try await self.start(in: one.network, logger: log.0, within: .seconds(60)) }
            }
            for (_, lines) in logs {
                try await eventually("it is complained of") { lines.count(of: "cannot use the broker yet") == 1 }
            }
            try await BrokerUser.set(cases.map { BrokerUser(name: $0.network.name) }, at: broker)
            try await group.waitForAll()
            for (_, lines) in logs { #expect(lines.count(of: "cannot use the broker yet") == 1, "\(lines.elements)") }
        }
    }

    @Test func aPermissionThatIsRevokedIsComplainedOfOnceAndWaitedFor() async throws {
        let broker = try await SharedBroker.get()
        let network = RabbitMQNetwork(broker: broker)
        let user = BrokerUser(name: network.name)
        try await BrokerUser.set([user], at: broker)
        let proxy = try await TCPProxy.start(to: broker.port)
        let (logger, lines) = LogLines.logger()
        let (caller, callee) = (try TestNode("a", on: network), try node("b", in: network, proxy, logger: logger))
        for node in [caller, callee] { try await node.node.start() }
        try await callee.serve("Work", "b:Work") { server in
            try server.register("double") { (number: Int) in number * 2 }
        }
        try await caller.knows("b:Work")
        #expect(await caller.reply("Work", "double", 2).text == "4")

        try await BrokerUser.set(
            [Self.user(network.name, lacking: Missing(right: .write, thing: "N.nodes"))], at: broker)
        callee.transport.cut()
        let (start, before) = (ContinuousClock.now, proxy.accepted)
        // Two connections each.
        try await eventually("it tries again and again") { proxy.accepted >= before + 16 }
        #expect(ContinuousClock.now - start >= .milliseconds(700), "ever more slowly")
        #expect(lines.count(of: "connection to the broker lost") == 1)
        #expect(lines.count(of: "cannot reconnect to the broker yet") == 1, "\(lines.elements)")
        // Its own announcement may have found out before the connection was cut.
        let isCut = { (line: String) in line.contains("connection to the broker lost") }
        #expect(lines.elements.count { $0.contains("set_permissions") && !isCut($0) } == 1)

        try await BrokerUser.set([user], at: broker)
        try await eventually("it is back") { lines.count(of: "connected to the broker again") == 1 }
        try await caller.knows("b:Work")
        #expect(await caller.reply(.instance("b:Work"), "double", 21).text == "42")
        for node in [caller, callee] { await node.shutDown() }
        await proxy.close()
    }

    @Test func aLockThatMayNotBeHadAfterAReconnectIsComplainedOfOnceAndWaitedFor() async throws {
        let broker = try await SharedBroker.get()
        let network = RabbitMQNetwork(broker: broker)
        let user = BrokerUser(name: network.name)
        try await BrokerUser.set([user], at: broker)
        let (logger, lines) = LogLines.logger()
        let (caller, callee) = (try TestNode("a", on: network), try node("b", in: network, logger: logger))
        for node in [caller, callee] { try await node.node.start() }
        try await callee.serve("Work", "b:Work") { server in
            try server.register("double") { (number: Int) in number * 2 }
        }
        try await caller.knows("b:Work")

        try await BrokerUser.set(
            [Self.user(network.name, lacking: Missing(right: .configure, thing: "N.lock."))], at: broker)
        callee.transport.cut()
        let text = "cannot get the lock of an Id that this node serves"
        try await eventually("it says so") { lines.count(of: text) == 1 }
        #expect(lines.elements.contains { $0.contains(text) && $0.contains("ACCESS_REFUSED") && $0.contains("b:Work") })
        #expect(await caller.reply(.instance("b:Work"), "double", 21).text == "42", "it serves on")

        try await BrokerUser.set([user], at: broker)
        try await eventually("it has its lock") {
            callee.transport.queueNames.contains { $0.rawValue.hasSuffix("lock.b:Work") }
        }
        #expect(lines.count(of: text) == 1)
        #expect(callee.transport.statistics.connections == 2)
        for node in [caller, callee] { await node.shutDown() }
    }

    @Test func connectionsThatEndAtOnceAreMadeEverMoreSlowly() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let (logger, lines) = LogLines.logger()
        let node = try TestNode("n", on: network, logger: logger)
        try await node.node.start()
        let start = ContinuousClock.now
        for count in 1...8 {
            try await eventually("connected again") { node.transport.statistics.connections == count }
            try await eventually("and of use") { node.transport.isConnected }
            node.transport.cut()
        }
        #expect(ContinuousClock.now - start >= .milliseconds(700))
        try await eventually("and once more") {
            node.transport.statistics.connections == 9 && node.transport.isConnected
        }
        #expect(lines.count(of: "connection to the broker lost") == 1, "\(lines.elements)")
        await node.shutDown()
    }

    /// Starts a node with an instance, and ends it.
    private func start(
        in network: RabbitMQNetwork, logger: Logger = RabbitMQNetwork.logger,
        within limit: Duration = .milliseconds(400)
    ) async throws {
        let node = try node("n", in: network, logger: logger, within: limit)
        do {
            try await node.node.start()
            try await node.serve("Work", "n:Work")
        } catch {
            await node.shutDown()
            throw error
        }
        await node.shutDown()
    }

    private func node(
        _ id: NodeID, in network: RabbitMQNetwork, _ proxy: TCPProxy? = nil, logger: Logger = RabbitMQNetwork.logger,
        within limit: Duration = .seconds(30)
    ) throws -> TestNode {
        try TestNode(id, on: network, logger: logger) { configuration in
            configuration.startTimeout = limit
            for index in configuration.connection.uris.indices {
                configuration.connection.uris[index].user = network.name
                configuration.connection.uris[index].password = BrokerUser.password
                if let proxy { configuration.connection.uris[index].port = UInt16(clamping: proxy.port) }
            }
        }
    }

    /// The user of a network, with all rights but one.
    private static func user(_ network: String, lacking missing: Missing) -> BrokerUser {
        var user = BrokerUser(name: network)
        let thing = missing.thing.replacing("N.", with: network + ".")
        // The things whose names begin so are queues; the others are exchanges.
        let pattern = "^(?!" + thing.replacing(".", with: "\\.") + (thing.hasSuffix(".") ? "" : "$") + ").*"
        switch missing.right {
        case .configure: user.configure = pattern
        case .write: user.write = pattern
        case .read: user.read = pattern
        }
        return user
    }
}

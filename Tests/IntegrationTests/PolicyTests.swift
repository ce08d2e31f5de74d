import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// Policies of the operator that match this node's queues: they are survived, or refused by name
/// (docs/rabbitmq.md#policies-of-the-operator).
@Suite(.timeLimit(.minutes(3)))
struct PolicyTests {
    private func withPolicy(
        _ definition: String, on pattern: String, applyTo kind: String = "queues", _ network: RabbitMQNetwork,
        _ body: () async throws -> Void
    ) async throws {
        let name = network.name
        try await network.broker.ctl("set_policy", name, "^\(name)\\.\(pattern)", definition, "--apply-to", kind)
        do {
            try await body()
        } catch {
            try await network.broker.ctl("clear_policy", name)
            throw error
        }
        try await network.broker.ctl("clear_policy", name)
    }

    static let impossible = [
        (#"{"message-ttl":0}"#, "message-ttl 0"),
        (#"{"max-length":10,"overflow":"reject-publish"}"#, "max-length and overflow reject-publish"),
        (#"{"max-length":10}"#, "max-length"),
    ]

    @Test(arguments: impossible) func whatLosesMessagesIsRefusedAtTheStart(_ policy: (String, String)) async throws {
        for queue in ["replies", "nodes"] {
            let network = RabbitMQNetwork(broker: try await SharedBroker.get())
            try await withPolicy(policy.0, on: queue, network) {
                let node = try TestNode("n", on: network) { $0.startTimeout = .milliseconds(400) }
                let error = try await #require(throws: RPCError.self) { try await node.node.start() }
                #expect(error.message.contains(policy.1) && error.message.contains("\(network.name).\(queue)."))
                #expect(error.message.contains("list_policies") && error.outcome == .notDelivered)
                await node.shutDown()
            }
        }
    }

    @Test(arguments: impossible) func andAnInstanceWhoseQueueItIs(_ policy: (String, String)) async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let (logger, lines) = LogLines.logger()
        let node = try TestNode("n", on: network, logger: logger) { $0.startTimeout = .seconds(60) }
        try await node.node.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await withPolicy(policy.0, on: "calls", network) {
                group.addTask { try await node.serve("Work", "n:Work") }
                try await eventually("it says so") { lines.count(of: policy.1) == 1 }
            }
            // It may be mended: the node waits for that, as for a permission.
            try await group.waitForAll()
        }
        #expect(node.transport.statistics.connections == 1)
        await node.shutDown()
    }

    @Test func aLockThatExpiresAllTheTimeDoesNotSplitAnId() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        try await withPolicy(#"{"expires":100}"#, on: "lock", network) {
            let (logger, lines) = LogLines.logger()
            let first = try TestNode("first", on: network, host: "10.1.2.3", logger: logger)
            let second = try TestNode("second", on: network)
            for node in [first, second] { try await node.node.start() }
            try await first.serve("Work", "x:Work")
            try await eventually("the lock is gone") { lines.count(of: "was deleted: taking it again") > 0 }
            for _ in 0..<3 {
                let error = try await #require(throws: RPCError.self) { try await second.serve("Work", "x:Work") }
                #expect(error.code == .instanceTaken && error.message.contains("10.1.2.3"))
            }
            #expect(lines.count(of: "was deleted") == 1, "it is said once")
            for node in [first, second] { await node.shutDown() }
        }
    }

    @Test func anAlternateExchangeMakesNobodySeemToBeThere() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let person = try await RawClient.connect(to: network)
        let definition = #"{"alternate-exchange":"amq.fanout"}"#
        try await person.channel.bind(QueueBinding(queue: person.queue, exchange: "amq.fanout", routingKey: ""))
        try await withPolicy(definition, on: "", applyTo: "exchanges", network) {
            let node = try TestNode("n", on: network)
            try await node.node.start()
            try await node.serve("Work", "n:Work") { $0.receivePushes { _ in } }
            let push = GroupPush(group: "room", topic: "t", qos: 0, body: ByteBuffer(string: "x"))
            #expect(try await node.node.pushConfirmed(push) == .unroutable)
            #expect(await node.reply(.instance("nobody:Work"), "double", 1).error?.code == .notFound)
            await node.shutDown()
        }
        await person.connection.close()
    }
}

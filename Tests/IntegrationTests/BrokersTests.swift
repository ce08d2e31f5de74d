import Logging
import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQTestSupport
import MqantTransportContract
import NIOCore
import NIOPosix
import Testing

/// Module types at different brokers.
@Suite(.timeLimit(.minutes(2)))
struct BrokersTests {
    /// Instances of the type `Far` are at the second broker, all others at the first.
    private struct Node {
        let node: RPCNode
        let parts: [RabbitMQTransport]

        init(_ id: NodeID, _ networks: [RabbitMQNetwork]) throws {
            let parts = try networks.map { try $0.transport(for: id) { _ in } }
            self.parts = parts
            let transport = BrokersTransport(node: id, parts) { $0.rawValue.hasSuffix(":Far") ? 1 : 0 }
            var configuration = RPCNode.Configuration()
            configuration.membership = MembershipTiming()
            node = RPCNode(
                id: id, transport: transport, configuration: configuration,
                eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: RabbitMQNetwork.logger)
        }

        func serve(_ type: ModuleType, _ id: InstanceID, _ gate: Condition, _ pushes: Log<GroupPush>? = nil)
            async throws
        {
            let server = RPCServer(type: type, instance: id, node: node, logger: RabbitMQNetwork.logger)
            try register(server, gate)
            if let pushes { server.receivePushes { pushes.add($0) } }
            try await node.serve(server)
        }

        func begin(_ endpoint: Endpoint, _ function: String, _ replies: Log<RPCReply>) {
            let request = RPCRequest(function: function, payload: .json(ByteBuffer(string: "[4]")))
            node.call(endpoint, request, timeout: .seconds(20)) { replies.add($0) }
        }
    }

    @Test func aCallerUsesTheCalleesBrokerAndOneThatIsLostHarmsNoOther() async throws {
        let broker = try await SharedBroker.get()
        let networks = [RabbitMQNetwork(broker: broker), RabbitMQNetwork(broker: broker)]
        let (caller, callee) = (try Node("a", networks), try Node("b", networks))
        try await caller.node.start()
        try await callee.node.start()
        let gate = Condition()
        try await callee.serve("Near", "b:Near", gate)
        let pushes = Log<GroupPush>()
        // A Gate, whatever its type is called: pushes go to its broker.
        try await callee.serve("Far", "b:Far", gate, pushes)
        try await eventually("both are known") {
            caller.node.view.candidate("b:Near") != nil && caller.node.view.candidate("b:Far") != nil
        }
        let replies = Log<RPCReply>()
        caller.begin("Near", "double", replies)
        caller.begin("Far", "double", replies)
        try await eventually("both answer") { replies.count == 2 }
        #expect(replies.elements.map(\.text) == ["8", "8"])
        #expect(callee.parts.map(\.statistics.requests) == [1, 1])

        try await withCheckedThrowingContinuation { continuation in
            callee.node.subscribe("b:Far", to: "room") { continuation.resume(with: $0) }
        }
        let push = GroupPush(group: "room", topic: "t", qos: 0, body: ByteBuffer(string: "x"))
        #expect(try await caller.node.pushConfirmed(push) == .routed)
        try await eventually("the push arrives") { pushes.count == 1 }

        let (near, far) = (Log<RPCReply>(), Log<RPCReply>())
        let requests = callee.parts.map(\.statistics.requests)
        caller.begin("Near", "wait", near)
        caller.begin("Far", "wait", far)
        try await eventually("both run") { callee.parts.map(\.statistics.requests) == requests.map { $0 + 1 } }
        caller.parts[1].cut()
        try await eventually("one is lost") { far.count == 1 }
        #expect(far.elements.first?.error?.code == .disconnected)
        #expect(near.count == 0)
        caller.begin("Far", "double", far)
        try await eventually("it goes on") { far.count == 2 }
        #expect(far.elements.last?.text == "8")
        gate.open()
        try await eventually("the other was not touched") { near.count == 1 }
        #expect(near.elements.first?.text == #""waited""#)
        await caller.node.shutdown()
        await callee.node.shutdown()
    }
}

import Logging
import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import NIOPosix
import Testing

/// A node at a broker, as a process would be.
final class TestNode: Sendable {
    let node: RPCNode
    let transport: RabbitMQTransport

    init(
        _ id: NodeID, on network: RabbitMQNetwork, host: String = "127.0.0.1", logger: Logger = RabbitMQNetwork.logger,
        timing: MembershipTiming = MembershipTiming(),
        _ adjust: (inout RabbitMQTransport.Configuration) -> Void = { _ in }
    ) throws {
        transport = try network.transport(for: id, logger: logger, adjust)
        var configuration = RPCNode.Configuration()
        configuration.membership = timing
        configuration.host = host
        node = RPCNode(
            id: id, transport: transport, configuration: configuration,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
    }

    @discardableResult
    func serve(_ type: ModuleType, _ id: InstanceID, _ register: (RPCServer) throws -> Void = { _ in }) async throws
        -> RPCServer
    {
        let server = RPCServer(type: type, instance: id, node: node, logger: RabbitMQNetwork.logger)
        try register(server)
        try await node.serve(server)
        return server
    }

    /// A call's reply.
    func reply(
        _ endpoint: Endpoint, _ function: String, _ argument: Int = 0, timeout: TimeAmount = .seconds(20)
    ) async -> RPCReply {
        let request = RPCRequest(function: function, payload: .json(ByteBuffer(string: "[\(argument)]")))
        do throws(RPCError) {
            return .success(try await node.call(endpoint, request, timeout: timeout))
        } catch {
            return .failure(error)
        }
    }

    /// Waits until the node would call an instance.
    func knows(_ id: InstanceID) async throws {
        try await eventually("\(node.id) never heard of \(id)") { node.view.candidate(id) != nil }
    }

    func subscribe(_ instance: InstanceID, to group: GroupName) async throws {
        try await withCheckedThrowingContinuation { continuation in
            node.subscribe(instance, to: group) { continuation.resume(with: $0) }
        }
    }

    func shutDown() async { await node.shutdown() }
}

extension RPCReply {
    var error: RPCError? { if case .failure(let error) = self { error } else { nil } }
    var text: String? { if case .success(let payload) = self { String(buffer: payload.buffer) } else { nil } }
}

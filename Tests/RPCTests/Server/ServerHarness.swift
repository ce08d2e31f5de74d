import Logging
import NIOCore
import NIOPosix

@testable import MqantRPC

/// An instance of a node in this process, and calls of it.
struct ServerHarness: Sendable {
    let node: RPCNode
    let server: RPCServer

    init(
        inFlight: Int = 10_000, waiting: Int = 10_000, blockingThreads: Int = 2, _ register: (RPCServer) throws -> Void
    ) throws {
        var configuration = RPCNode.Configuration()
        configuration.server.maxInFlight = inFlight
        configuration.server.maxWaiting = waiting
        configuration.blockingThreads = blockingThreads
        node = RPCNode(
            id: "n", transport: InProcessTransport(node: "n", hub: InProcessHub()), configuration: configuration,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: Logger(label: "test"))
        server = RPCServer(type: "T", instance: "n:T", node: node, logger: Logger(label: "test"))
        try register(server)
    }

    func request(_ function: String, session: SessionState? = nil, _ arguments: String = "[]") -> RPCRequest {
        var request = RPCRequest(function: function, payload: .json(ByteBuffer(string: arguments)))
        request.session = session
        return request
    }

    func answer(_ request: RPCRequest) async -> RPCReply {
        await withCheckedContinuation { continuation in
            server.receive(request) { continuation.resume(returning: $0) }
        }
    }

    /// The result of a call that an event loop delivers, as text.
    func answer(_ function: String, deliveredOn eventLoop: any EventLoop) async -> String? {
        let reply: RPCReply = await withCheckedContinuation { continuation in
            eventLoop.execute { server.receive(request(function)) { continuation.resume(returning: $0) } }
        }
        return (try? reply.get()).map { String(buffer: $0.buffer) }
    }
}

/// Whether this code runs on a task.
func isOnTask() -> Bool { withUnsafeCurrentTask { $0 != nil } }

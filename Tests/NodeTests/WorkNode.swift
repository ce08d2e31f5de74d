import Logging
import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import NIOPosix
import Synchronization

/// A node with a module in Swift, `Work`, at the shared broker: what commands call in ways that the demo has no function for.
final class WorkNode: Sendable {
    /// All values of a byte.
    static let bytes = ByteBuffer(bytes: 0...255)

    let node: RPCNode
    let server: RPCServer
    /// The instance's.
    let id: String
    /// `Rabbitmq.Exchange`: whom it meets there.
    let exchange: String
    private let transport: RabbitMQTransport
    /// Lets calls of `wait` go on.
    private let gate = Condition()
    private let started = AsyncStream<Void>.makeStream()

    private init(
        _ transport: RabbitMQTransport, _ configuration: RPCNode.Configuration, exchange: String, _ logger: Logger
    ) throws {
        self.transport = transport
        // One word in each test: tests that run at a time share the broker's virtual host, where an Id is taken once.
        id = exchange
        self.exchange = exchange
        node = RPCNode(
            id: "work-node", transport: transport, configuration: configuration,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        server = RPCServer(type: "Work", instance: InstanceID(id), node: node, logger: logger)
        try server.register("wait") { [gate, started] in
            started.continuation.yield()
            await gate.wait()
        }
        try server.register("fail") { throw HandlerError("no luck today") }
        try server.register("odd") { throw RPCError(.cancelled, "never mind") }
        try server.registerRaw("bytes") { _ in .bytes(Self.bytes) }
    }

    /// Runs `body` with a node that is served, and a configuration for commands that call it, and for other nodes.
    ///
    /// - Parameters:
    ///   - user: as whom the commands log in, with the same word as password.
    ///   - adjust: changes the bounds of the instance.
    static func run(
        user: String = "guest", _ adjust: (inout RPCServer.Configuration) -> Void = { _ in },
        _ body: (WorkNode, _ conf: String) async throws -> Void
    ) async throws {
        let broker = try await SharedBroker.get()
        let exchange = "work-\(UInt64.random(in: .min ... .max))"
        var transport = RabbitMQTransport.Configuration(
            connection: try MqantRabbitMQ.Connection.Configuration(uris: [broker.uri()]))
        transport.exchange = exchange
        var configuration = RPCNode.Configuration()
        configuration.membership = MembershipTiming()
        configuration.host = "10.1.2.3"
        adjust(&configuration.server)
        let logger = Logger(label: "work") { _ in SwiftLogNoOpLogHandler() }
        let work = try WorkNode(
            RabbitMQTransport(node: "work-node", configuration: transport, logger: logger), configuration,
            exchange: exchange, logger)
        async let _ = work.node.run()
        try await work.node.start()
        let text = """
            { "Module": {
                "Login": [ { "Id": "login-w", "Host": "127.0.0.1" } ],
                "Chat": [ { "Id": "chat-w", "Host": "127.0.0.1" } ],
                "Gate": [ { "Id": "gate-w", "Host": "127.0.0.1", "Settings": { "TCPAddr": "127.0.0.1:0" } } ] },
              "Rabbitmq": { "Uri": "\(broker.uri(user: user, password: user))", "Exchange": "\(exchange)" } }
            """
        let result: Result<Void, any Error>
        do {
            try await work.node.serve(work.server)
            result = .success(try await ServerProcess.withConfiguration(text) { try await body(work, $0) })
        } catch {
            result = .failure(error)
        }
        work.gate.open()
        await work.node.shutdown()
        try result.get()
    }

    /// Returns once a call of `wait` runs that no earlier `running` returned for.
    func running() async { for await _ in started.stream { return } }

    /// Ends it as SIGKILL would, as far as others can tell.
    func die() async { await transport.abort() }
}

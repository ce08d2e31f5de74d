import Glibc
import Logging
import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import MqantServer
import NIOPosix
import Testing

/// What a trap in a module does: docs/modules.md#what-a-crash-of-a-module-does.
@Suite(.timeLimit(.minutes(3))) struct CrashTests {
    /// Traps when it is asked for what it does not have.
    private struct Bomb: Module {
        static let type: ModuleType = "Bomb"

        init(settings: UncheckedSettings, context: ModuleContext) {}

        func register(on server: RPCServer) throws {
            try server.register("pick") { (index: Int) in [1, 2, 3][index] }
        }
    }

    /// Where the process that is to die finds its configuration.
    private static let variable = "MQANT_TEST_CRASH"

    /// The signal of a trap.
    private static var trap: ExitTest.Condition {
        #if arch(x86_64)
            .signal(SIGILL)
        #else
            .signal(SIGTRAP)
        #endif
    }

    @Test func itEndsTheProcessAndItsCallersAreTold() async throws {
        let broker = try await SharedBroker.get()
        let exchange = "crash-\(UInt64.random(in: .min ... .max))"
        let text = """
            { "Module": { "Bomb": [ { "Id": "\(exchange)", "Host": "127.0.0.1" } ] },
              "Rabbitmq": { "Uri": "\(broker.uri())", "Exchange": "\(exchange)" } }
            """
        setenv(Self.variable, text, 1)
        async let errors = Self.callers(exchange, broker)
        await #expect(processExitsWith: Self.trap) {
            let text = try #require(getenv(Self.variable).map { String(cString: $0) })
            let logger = Logger(label: "crash") { _ in SwiftLogNoOpLogHandler() }
            let server = try Server(
                modules: [Bomb.self], configuration: .text(text), host: "127.0.0.1", logger: logger)
            try await server.run()
        }
        let (held, next) = try await errors
        #expect(held.code == .interrupted && held.outcome == .unknown)
        #expect(held.message == "the process that held pick is gone")
        #expect(next.code == .notFound && next.outcome == .notDelivered)
    }

    /// A node that calls, until the process is gone.
    /// - Returns: what the call that traps ends with, and the next one.
    private static func callers(_ exchange: String, _ broker: RabbitMQBroker) async throws -> (RPCError, RPCError) {
        var transport = RabbitMQTransport.Configuration(
            connection: try MqantRabbitMQ.Connection.Configuration(uris: [broker.uri()]))
        transport.exchange = exchange
        var configuration = RPCNode.Configuration()
        configuration.membership = MembershipTiming()
        let logger = Logger(label: "caller") { _ in SwiftLogNoOpLogHandler() }
        let node = RPCNode(
            id: "caller", transport: RabbitMQTransport(node: "caller", configuration: transport, logger: logger),
            configuration: configuration, eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        async let _ = node.run()
        try await node.start()
        let result: Result<(RPCError, RPCError), any Error>
        do {
            // The view has no event to wait for.
            while node.view.candidates(of: "Bomb").isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            #expect(try await pick(1, node) == .json(.init(string: "2")))
            result = .success((try await failure(node), try await failure(node)))
        } catch {
            result = .failure(error)
        }
        await node.shutdown()
        return try result.get()
    }

    private static func pick(_ index: Int, _ node: RPCNode) async throws(RPCError) -> Payload {
        let request = RPCRequest(function: "pick", payload: .json(.init(string: "[\(index)]")))
        return try await node.call(.any("Bomb"), request, timeout: .seconds(30))
    }

    /// What a call for an index that is not there ends with.
    private static func failure(_ node: RPCNode) async throws -> RPCError {
        do throws(RPCError) {
            let payload = try await pick(3, node)
            Issue.record("answered \(payload)")
            throw RPCError(.cancelled, "answered")
        } catch {
            return error
        }
    }
}

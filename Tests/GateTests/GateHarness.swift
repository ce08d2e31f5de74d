import Logging
import Mqant
import NIOCore
import NIOPosix
import RPC

@testable import Gate

/// A real Gate on a free port, with functions of the test's own behind it, for the length of `body`.
struct GateHarness: Sendable {
    let node: RPCNode
    let gate: GateState
    let port: Int

    /// - Parameters:
    ///   - settings: further keys of the Gate's `Settings`, as in `server.conf`.
    ///   - mqtt: keys of `Mqtt`.
    ///   - hub: where other Gates are; their names must differ.
    ///   - register: registers functions of the module type `Test`.
    static func run(
        settings: String = "", mqtt: String = "", hub: InProcessHub = InProcessHub(), name: String = "gate",
        register: (RPCServer) -> Void = { _ in },
        _ body: @Sendable (GateHarness) async throws -> Void
    ) async throws {
        let configuration = try ServerConfiguration(
            text: """
                { "Module": { "Gate": [ { "Id": "\(name)", "Host": "127.0.0.1",
                    "Settings": { "TCPAddr": "127.0.0.1:0", \(settings) } } ] }, "Mqtt": { \(mqtt) } }
                """,
            checks: ["Gate": Gate.settingsCheck].compactMapValues { $0 })
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let id = NodeID("node-\(name)")
        let node = RPCNode(
            id: id, transport: InProcessTransport(node: id, hub: hub),
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        try await node.start()
        let test = RPCServer(type: "Test", instance: InstanceID("test-\(name)"), node: node, logger: logger)
        register(test)
        try await node.serve(test)
        let context = ModuleContext(
            type: Gate.type, instance: InstanceID(name), settings: configuration.modules[0].settings,
            configuration: configuration, logger: logger, node: node, routes: Routes())
        let gate = try await Gate(context: context)
        let server = RPCServer(type: Gate.type, instance: InstanceID(name), node: node, logger: logger)
        gate.register(on: server)
        try await node.serve(server)

        let result: Result<Void, any Error> = await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await gate.run() }
            let port = await gate.state.ports.stream.first { _ in true } ?? 0
            let result = await Result { try await body(GateHarness(node: node, gate: gate.state, port: port)) }
            group.cancelAll()
            return result
        }
        await node.withdraw(server)
        await gate.shutdown()
        await node.withdraw(test)
        await node.shutdown()
        try result.get()
    }
}

extension Result where Failure == any Error {
    fileprivate init(catching body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

import Logging
import Mqant
import MqantRPC
import NIOCore
import NIOPosix

@testable import MqantGate

/// A real Gate on a free port, with functions of the test's own behind it, for the length of `body`.
struct GateHarness: Sendable {
    let node: RPCNode
    let gate: Gate
    let port: Int

    /// - Parameters:
    ///   - type: what the Gate's module type is called.
    ///   - settings: further keys of the Gate's `Settings`, as in `server.conf`.
    ///   - mqtt: keys of `Mqtt`.
    ///   - hub: where other Gates are; their names must differ.
    ///   - register: registers functions of the module type `Test`.
    ///   - wrap: what stands before the node's transport.
    static func run(
        type: ModuleType = Gate.type, settings: String = "", mqtt: String = "", hub: InProcessHub = InProcessHub(),
        name: String = "gate",
        register: (RPCServer) throws -> Void = { _ in }, wrap: (InProcessTransport) -> any Transport = { $0 },
        _ body: @Sendable (GateHarness) async throws -> Void
    ) async throws {
        let configuration = try ServerConfiguration(
            text: """
                { "Module": { "\(type)": [ { "Id": "\(name)", "Host": "127.0.0.1",
                    "Settings": { "TCPAddr": "127.0.0.1:0", \(settings) } } ] }, "Mqtt": { \(mqtt) } }
                """)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let id = NodeID("node-\(name)")
        let node = RPCNode(
            id: id, transport: wrap(InProcessTransport(node: id, hub: hub)),
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        try await node.start()
        let test = RPCServer(type: "Test", instance: InstanceID("test-\(name)"), node: node, logger: logger)
        try register(test)
        try await node.serve(test)
        let context = ModuleContext(
            type: type, instance: InstanceID(name), configuration: configuration, logger: logger, node: node)
        let settings = try configuration.modules[0].settings.read { GateSettings(reading: &$0) }
        let gate = try await Gate(settings: settings, context: context)
        let server = RPCServer(type: type, instance: InstanceID(name), node: node, logger: logger)
        try gate.register(on: server)
        try await node.serve(server)

        let result: Result<Void, any Error> = await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await gate.run() }
            let port = await gate.ports.stream.first { _ in true } ?? 0
            let result = await Result { try await body(GateHarness(node: node, gate: gate, port: port)) }
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

extension GateHarness {
    /// Whether as many connections are open, now or soon: a client sees the end of its own a moment before its place is
    /// free.
    func soonOpen(_ count: Int) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(10)
        while gate.services.statistics.open != count, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(2))
        }
        return gate.services.statistics.open == count
    }
}

extension Result where Failure == any Error {
    fileprivate init(catching body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore

/// A caller and a callee with one instance `b:Work`, at a broker; shut down whatever happens.
///
/// The callee serves `double`, `wait` (until `gate` opens) and the idempotent `again`.
func withPair(
    at broker: RabbitMQBroker, _ adjust: (inout RabbitMQTransport.Configuration) -> Void = { _ in },
    pushes: Log<GroupPush>? = nil,
    _ body: (_ caller: TestNode, _ callee: TestNode, _ gate: Condition) async throws -> Void
) async throws {
    let network = RabbitMQNetwork(broker: broker)
    let gate = Condition()
    let (caller, callee) = (try TestNode("a", on: network, adjust), try TestNode("b", on: network, adjust))
    try await caller.node.start()
    try await callee.node.start()
    try await callee.serve("Work", "b:Work") { server in
        try register(server, gate)
        if let pushes { server.receivePushes { pushes.add($0) } }
    }
    do {
        try await caller.knows("b:Work")
        try await body(caller, callee, gate)
    } catch {
        gate.open()
        await caller.shutDown()
        await callee.shutDown()
        throw error
    }
    gate.open()
    await caller.shutDown()
    await callee.shutDown()
}

func register(_ server: RPCServer, _ gate: Condition) throws {
    try server.register("double") { (number: Int) in number * 2 }
    try server.register("wait") { (_: Int) in
        await gate.wait()
        return "waited"
    }
    try server.register("again", options: .concurrent.idempotent) { (_: Int) in
        await gate.wait()
        return server.instance.rawValue
    }
}

import Mqant
import MqantMQTTTestSupport
import MqantRPC
import NIOCore
import Testing

@testable import MqantGate

/// A push to a group may leave one session out.
@Suite(.timeLimit(.minutes(2))) struct LeftOutMemberTests {
    @Test(arguments: [0, 1, 2]) func oneSessionDoesNotGetIt(qos: Int) async throws {
        let hub = InProcessHub()
        let sessions = AsyncStream<Session>.makeStream()
        let register: @Sendable (RPCServer) throws -> Void = { server in
            try server.register("Handler_Join") { (session: Session, group: String) in
                try await session.join(GroupName(group))
                sessions.continuation.yield(session)
            }
        }
        try await GateHarness.run(hub: hub, name: "one", register: register) { one in
            try await GateHarness.run(hub: hub, name: "two", register: register) { two in
                let context = two.gate.services.context
                let mover = try await TestClient.connected(port: one.port)
                _ = try await mover.ask("Test/Handler_Join/1", #""table""#)
                let session = try #require(await sessions.stream.first { _ in true })
                // Alone, it counts: somebody is there.
                #expect(
                    try await context.pushConfirmed(
                        to: "table", topic: "t", body: ByteBuffer(string: "0"), qos: qos, except: session))
                let others = [
                    try await TestClient.connected(port: one.port), try await TestClient.connected(port: two.port),
                ]
                for client in others { _ = try await client.ask("Test/Handler_Join/1", #""table""#) }
                context.push(to: "table", topic: "t", body: ByteBuffer(string: "1"), qos: qos, except: session)
                let isThere = try await context.pushConfirmed(
                    to: "table", topic: "t", body: ByteBuffer(string: "2"), qos: qos, except: session)
                #expect(isThere)
                context.push(to: "table", topic: "t", body: ByteBuffer(string: "3"), qos: qos)
                for client in others {
                    for number in 1...3 { #expect(try await client.push(on: "t") == "\(number)") }
                }
                #expect(try await mover.push(on: "t") == "3")
            }
        }
    }
}

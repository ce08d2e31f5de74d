import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// In one process with RabbitMQ configured, local callees are still called in process.
@Suite(.timeLimit(.minutes(3)))
struct LocalCallTests {
    @Test func callsWithinAProcessDoNotTouchTheBroker() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let (here, there) = (try TestNode("a", on: network), try TestNode("b", on: network))
        for node in [here, there] {
            try await node.node.start()
            try await node.serve("Work", InstanceID("\(node.node.id):Work")) { server in
                try server.register("where") { (_: Int) in server.instance.rawValue }
            }
        }
        try await here.knows("b:Work")
        // `any` prefers the local instance; its Id leads there too.
        for endpoint in [Endpoint.any("Work"), .instance("a:Work")] {
            for _ in 0..<50 { #expect(await here.reply(endpoint, "where").text == #""a:Work""#) }
        }
        #expect(here.transport.statistics.messages == 0, "neither a request nor a reply")
        #expect(here.transport.statistics.requests == 0)
        #expect(there.transport.statistics.requests == 0)
        // The same counters see a call that does leave.
        #expect(await here.reply(.instance("b:Work"), "where").text == #""b:Work""#)
        #expect(here.transport.statistics.messages == 1)
        #expect(there.transport.statistics.requests == 1)
        for node in [here, there] { await node.shutDown() }
    }
}

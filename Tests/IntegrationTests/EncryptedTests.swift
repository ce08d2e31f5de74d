import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// Two nodes whose connections to the broker are encrypted, and prove at both ends who is there.
@Suite(.timeLimit(.minutes(3)))
struct EncryptedTests {
    @Test func nodesCallPushAndReconnectOverTLS() async throws {
        let broker = try await SharedBroker.get()
        let certificates = try #require(broker.certificates)
        let uri =
            "amqps://guest:guest@localhost:\(try #require(broker.tlsPort))/?cacertfile=\(certificates.authority)"
            + "&certfile=\(certificates.clientCertificate)&keyfile=\(certificates.clientKey)"
        let connection = try Connection.Configuration(uris: [uri])
        let pushes = Log<GroupPush>()
        try await withPair(at: broker, { $0.connection.uris = connection.uris }, pushes: pushes) {
            caller, callee, gate in
            try await callee.subscribe("b:Work", to: "room")
            // More than one record of TLS (16 KiB), and more than one frame.
            let body = ByteBuffer(bytes: (0..<1000).flatMap { _ in (0...255) as ClosedRange<UInt8> })
            let push = GroupPush(group: "room", topic: "t", qos: 0, body: body)

            for number in 0..<50 { #expect(await caller.reply("Work", "double", number).text == "\(number * 2)") }
            #expect(try await caller.node.pushConfirmed(push) == .routed)
            try await eventually("the push arrives") { pushes.count == 1 }
            #expect(pushes.elements[0].body == body)

            // Cut at both ends while calls are out: those of the callee's caller are lost, with a name.
            let (replies, requests) = (Log<RPCReply>(), callee.transport.statistics.requests)
            let request = RPCRequest(function: "wait", payload: .json(ByteBuffer(string: "[0]")))
            for _ in 0..<3 { caller.node.call("Work", request, timeout: .seconds(30)) { replies.add($0) } }
            try await eventually("all run") { callee.transport.statistics.requests == requests + 3 }
            caller.transport.cut()
            try await eventually("the caller is told") { replies.count == 3 }
            #expect(replies.elements.allSatisfy { $0.error?.code == .disconnected })
            gate.open()
            #expect(await caller.reply("Work", "double", 21).text == "42")

            let before = callee.node.view.local["b:Work"]?.queue
            callee.transport.cut()
            try await eventually("the callee is there again") {
                let queue = caller.node.view.candidate("b:Work")?.instance.queue
                return queue != nil && queue != before && queue == callee.node.view.local["b:Work"]?.queue
            }
            #expect(await caller.reply("Work", "double", 4).text == "8")
            while try await caller.node.pushConfirmed(push) == .unroutable {}
            try await eventually("its group is heard again") { pushes.count >= 2 }
            #expect(pushes.elements[1].body == body)
            for node in [caller, callee] { #expect(node.transport.statistics.connections == 2) }
        }
    }
}

import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// What an owner pushes by itself, without a call that comes by its queue.
@Suite(.timeLimit(.minutes(2)))
struct OwnerPushTests {
    /// A Gate `b:Gate` on one node, which has `join`, and the owner `a:Chat` on another.
    private func withRoom(
        _ body: (_ chat: TestNode, _ gate: TestNode, _ pushes: Log<GroupPush>) async throws -> Void
    ) async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let (chat, gate) = (try TestNode("a", on: network), try TestNode("b", on: network))
        for node in [chat, gate] { try await node.node.start() }
        try await chat.serve("Chat", "a:Chat")
        let pushes = Log<GroupPush>()
        try await gate.serve("Gate", "b:Gate") { server in
            try server.register("join") { (number: Int) async throws -> Int in
                try await gate.subscribe("b:Gate", to: Self.group(number))
                return number
            }
            server.receivePushes { pushes.add($0) }
        }
        try await chat.knows("b:Gate")
        try await gate.knows("a:Chat")
        try await body(chat, gate, pushes)
        for node in [chat, gate] { await node.shutDown() }
    }

    private static func group(_ number: Int) -> GroupName { .owned(by: "Chat", key: "\(number)") }

    private func push(_ number: Int) -> GroupPush {
        GroupPush(group: Self.group(number), topic: "t", qos: 0, body: ByteBuffer(string: "\(number)"))
    }

    /// As the demo's Chat does: it asks the Gate to join, and pushes when the answer has come.
    @Test func whatAnOwnerPushesAfterAJoinThatItAskedForIsHeard() async throws {
        try await withRoom { chat, gate, pushes in
            var unroutable: [Int] = []
            for number in 0..<500 {
                #expect(await chat.reply(.instance("b:Gate"), "join", number).text == "\(number)")
                if try await chat.node.pushConfirmed(push(number)) != .routed { unroutable.append(number) }
            }
            #expect(unroutable == [])
            try await eventually("all are heard") { pushes.count == 500 }
        }
    }

    @Test func whatAnOwnerPushesOnceAMemberIsThereIsHeard() async throws {
        try await withRoom { chat, gate, pushes in
            var unroutable: [Int] = []
            for number in 0..<100 {
                try await gate.subscribe("b:Gate", to: Self.group(number))
                if try await chat.node.pushConfirmed(push(number)) != .routed { unroutable.append(number) }
            }
            #expect(unroutable == [])
            try await eventually("all are heard") { pushes.count == 100 }
        }
    }

    /// What a Gate that hangs does not read is dropped by the broker, and does not pile up there.
    @Test func aDeliveryHasAnEnd() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let chat = try TestNode("a", on: network)
        try await chat.node.start()
        try await chat.serve("Chat", "a:Chat")
        let gate = try await RawClient.connect(to: network)
        let instance = #"{"id":"b:Gate","queue":"\#(gate.queue)","type":"Gate","gate":true,"generation":1}"#
        try gate.publish(
            #"{"instances":[\#(instance)],"node":"b","sequence":1,"version":2}"#, to: "",
            exchange: "\(network.name).nodes"
        ) { $0.type = "member" }
        try await chat.knows("b:Gate")
        // It has not told what it has members of, so it gets everything.
        chat.node.push(push(1))
        try await eventually("the Gate gets it") { gate.hasReceived { $0.properties.type == "$deliver" } }
        let delivery = try #require(gate.replies.first { $0.properties.type == "$deliver" })
        let milliseconds = try #require(delivery.properties.expiration.flatMap { Int($0) })
        #expect((1...10_000).contains(milliseconds))
        await gate.connection.close()
        await chat.shutDown()
    }
}

import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// A broker that takes smaller messages, and smaller frames, than others: what is too much for it is refused alone.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct BrokerLimitsTests {
    private static let limit = 1_048_576
    static let broker = Task {
        var options = RabbitMQBroker.Options()
        options.configuration = ["max_message_size = \(limit)", "frame_max = 8192"]
        return try await RabbitMQBroker.start(options)
    }

    private func bytes(_ count: Int) -> RPCRequest {
        RPCRequest(function: "size", payload: .bytes(ByteBuffer(repeating: 1, count: count)))
    }

    @Test func aMessageThatTheBrokerDoesNotTakeFailsAlone() async throws {
        try await withPair(at: Self.broker.value) { caller, callee, _ in
            try await callee.serve("Big", "b:Big") { server in
                try server.registerRaw("size") { call in
                    .json(ByteBuffer(string: "\(call.payload.buffer.readableBytes)"))
                }
                try server.registerRaw("big") { _ in .bytes(ByteBuffer(repeating: 0, count: 2_000_000)) }
                server.receivePushes { _ in }
            }
            try await caller.knows("b:Big")
            try await callee.subscribe("b:Big", to: "room")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask { #expect(await caller.reply("Work", "double", number).text == "\(2 * number)") }
                    guard number % 10 == 0 else { continue }
                    let size = [2_000_000, Self.limit + 1, 200_000, Self.limit, 3_000_000][number / 10 % 5]
                    group.addTask { try await self.call(caller, of: size) }
                    if number % 20 == 0 { group.addTask { await self.fetch(caller) } }
                }
                try await group.waitForAll()
            }
            let push = GroupPush(group: "room", topic: "t", qos: 0, body: ByteBuffer(repeating: 0, count: 2_000_000))
            let refused = await #expect(throws: RPCError.self) { _ = try await caller.node.pushConfirmed(push) }
            #expect(refused?.code == .tooLarge)
            #expect(caller.transport.statistics.connections == 1 && callee.transport.statistics.connections == 1)
        }
    }

    private func call(_ caller: TestNode, of size: Int) async throws {
        do throws(RPCError) {
            let reply = try await caller.node.call("Big", bytes(size))
            #expect(size <= Self.limit && String(buffer: reply.buffer) == "\(size)")
        } catch {
            #expect(size > Self.limit && error.code == .tooLarge && error.outcome == .notDelivered, "\(size): \(error)")
            #expect(error.message.hasPrefix("too large: \(size) bytes") && error.message.contains("\(Self.limit)"))
        }
    }

    private func fetch(_ caller: TestNode) async {
        let error = await caller.reply("Big", "big").error
        #expect(error?.code == .tooLarge && error?.outcome == .answered)
        #expect(error?.message.contains("\(Self.limit)") == true, "\(String(describing: error))")
    }

    /// It goes by the channel that confirms, as do pushes.
    @Test func anAnnouncementThatTheBrokerDoesNotTakeEndsNoConnection() async throws {
        let network = RabbitMQNetwork(broker: try await Self.broker.value)
        let node = try TestNode("n", on: network)
        try await node.node.start()
        try await node.serve("Work", "n:Work") { server in
            for number in 0..<12_000 {
                let name = "\(number)-" + String(repeating: "x", count: 100)
                try server.register(name, options: .concurrent.idempotent) { (_: Int) in 0 }
            }
        }
        try await eventually("it is not written") { node.transport.statistics.dropped(.unwritten) > 0 }
        let outcome = try await node.node.pushConfirmed(
            GroupPush(group: "room", topic: "t", qos: 0, body: ByteBuffer(string: "x")))
        #expect(outcome == .unroutable, "the channel is open")
        #expect(node.transport.statistics.connections == 1)
        await node.shutDown()
    }

    @Test func theLimitIsLoggedOnce() async throws {
        let network = RabbitMQNetwork(broker: try await Self.broker.value)
        let (logger, lines) = LogLines.logger()
        let node = try TestNode("n", on: network, logger: logger)
        try await node.node.start()
        let other = try TestNode("o", on: network)
        try await other.node.start()
        try await other.serve("Big", "o:Big") { try $0.registerRaw("size") { _ in .json(ByteBuffer(string: "1")) } }
        try await node.knows("o:Big")
        for _ in 0..<3 {
            await #expect(throws: RPCError.self) { _ = try await node.node.call("Big", bytes(2_000_000)) }
        }
        let said = lines.elements.filter { $0.contains("max_message_size") }
        #expect(said.count == 1 && said.first?.contains("\(Self.limit)") == true, "\(lines.elements)")
        await node.shutDown()
        await other.shutDown()
    }

    @Test func aPushThatTheBrokerDoesNotTakeFailsThoughItsOwnerIsHere() async throws {
        let network = RabbitMQNetwork(broker: try await Self.broker.value)
        let (chat, gate) = (try TestNode("a", on: network), try TestNode("b", on: network))
        for node in [chat, gate] { try await node.node.start() }
        try await chat.serve("Chat", "a:Chat")
        let pushes = Log<GroupPush>()
        try await gate.serve("Gate", "b:Gate") { $0.receivePushes { pushes.add($0) } }
        try await chat.knows("b:Gate")
        try await gate.knows("a:Chat")
        let room = GroupName.owned(by: "Chat", key: "room")
        try await gate.subscribe("b:Gate", to: room)
        func push(_ count: Int) -> GroupPush {
            GroupPush(group: room, topic: "t", qos: 0, body: ByteBuffer(repeating: 0, count: count))
        }
        #expect(try await chat.node.pushConfirmed(push(1)) == .routed)
        let refused = await #expect(throws: RPCError.self) { _ = try await chat.node.pushConfirmed(push(2_000_000)) }
        #expect(refused?.code == .tooLarge)
        #expect(try await chat.node.pushConfirmed(push(2)) == .routed)
        try await eventually("what is said to be on its way arrives") { pushes.count == 2 }
        for node in [chat, gate] { await node.shutDown() }
    }
}

import Glibc
import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import NIOPosix
import Testing

/// What stands on the wire, seen from outside, and what comes in from there (docs/wire.md).
@Suite(.timeLimit(.minutes(2)))
struct WireTests {
    private func withCallee(
        _ body: (TestNode, RabbitMQNetwork, RawClient, _ queue: String) async throws -> Void
    ) async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let callee = try TestNode("b", on: network)
        try await callee.node.start()
        try await callee.serve("Work", "b:Work") { server in
            try server.register("double") { (number: Int) in number * 2 }
            try server.register("fail") { (_: Int) in throw HandlerError("no \"luck\"") }
        }
        let queue = try #require(callee.node.view.local["b:Work"]?.queue.rawValue)
        let client = try await RawClient.connect(to: network)
        do {
            try await body(callee, network, client, queue)
        } catch {
            await client.connection.close()
            await callee.shutDown()
            throw error
        }
        await client.connection.close()
        await callee.shutDown()
    }

    @Test func aForeignCallerGetsItsOwnCorrelationIDBack() async throws {
        try await withCallee { _, _, client, queue in
            let ids = ["žluť-1", "00ff", "FF", "2a", "", "c9d3aa4e-2a3b-4f0e-8c0e-b9d1b6a0c111", "0"]
            for (number, id) in ids.enumerated() {
                try client.publish("[\(number)]", to: queue) { properties in
                    properties.type = "double"
                    properties.correlationID = id
                    properties.replyTo = client.queue
                }
            }
            let replies = try await client.received(ids.count)
            for (number, id) in ids.enumerated() {
                let reply = try #require(replies.first { $0.body == ByteBuffer(string: "\(number * 2)") })
                #expect(reply.properties.correlationID ?? "" == id)
                #expect(reply.properties.type == "reply")
                #expect(reply.properties.contentType == "application/json")
                #expect(reply.properties.appID == "b:Work")
                #expect(reply.properties.replyTo == nil)
            }
        }
    }

    @Test func errorsCarryTheirCodeAndText() async throws {
        try await withCallee { _, _, client, queue in
            for function in ["fail", "nope"] {
                try client.publish("[1]", to: queue) { properties in
                    properties.type = function
                    properties.correlationID = function
                    properties.replyTo = client.queue
                }
            }
            let replies = try await client.received(2)
            let failed = try #require(replies.first { $0.properties.correlationID == "fail" })
            #expect(failed.properties.type == "error")
            #expect(failed.properties.headers["error-code"]?.string == "remote")
            #expect(String(buffer: failed.body) == #""no \"luck\"""#)
            let unknown = try #require(replies.first { $0.properties.correlationID == "nope" })
            #expect(unknown.properties.headers["error-code"]?.string == "function-not-found")
        }
    }

    @Test func garbageOnEveryQueueIsDroppedAndCounted() async throws {
        try await withCallee { callee, network, client, _ in
            let queues = callee.transport.queueNames.map(\.rawValue).filter { !$0.contains("lock.") }
            #expect(queues.count == 3)
            let connections = callee.transport.statistics.connections
            for (number, queue) in queues.enumerated() {
                try client.publish("\u{0}\u{1}{[", to: queue) { $0.contentType = "application/x-nobody" }
                try client.publish("{{{{", to: queue) { $0.type = "reply" }
                try client.publish("[1]", to: queue) { $0.type = "double" }
                try client.publish("x", to: queue) { properties in
                    properties.contentType = "application/vnd.mqant.batch"
                }
                try client.publish("[1]", to: queue) { properties in
                    properties.type = "double"
                    properties.headers = ["session": "not a session"]
                }
                try client.publish("", to: queue) { properties in
                    properties.contentType = nil
                    properties.type = "error"
                }
                try client.publish(ByteBuffer(repeating: 7, count: 20 << 20), to: queue) { $0.type = "double" }
                // What waits to be written is bounded, and three of these are more than that.
                try await eventually("it is skipped") {
                    callee.transport.statistics.dropped(.skipped) == UInt64(number + 1)
                }
            }
            try client.publish("[]", to: "", exchange: "\(network.name).nodes") { $0.type = "member" }
            try client.publish("[21]", to: queues[2]) { properties in
                properties.type = "double"
                properties.correlationID = "after"
                properties.replyTo = client.queue
            }
            let replies = try await client.received(1)
            #expect(replies.map(\.properties.correlationID) == ["after"])
            #expect(replies.first?.body == ByteBuffer(string: "42"))
            let statistics = callee.transport.statistics
            try await eventually("all of it is counted") {
                statistics.dropped(.skipped) == 3 && statistics.dropped(.malformed) >= 13
                    && statistics.dropped(.contentType) >= 4
            }
            #expect(statistics.connections == connections, "the connection survives")
        }
    }

    @Test func manyEnvelopesTravelTogetherOnlyToThoseWhoReadBatches() async throws {
        try await withPair(at: SharedBroker.get()) { caller, callee, _ in
            let replies = Log<RPCReply>()
            let count = 5000
            for number in 0..<count {
                let request = RPCRequest(function: "double", payload: .json(ByteBuffer(string: "[\(number)]")))
                caller.node.call("Work", request, timeout: .seconds(30)) { replies.add($0) }
            }
            try await eventually("all are answered") { replies.count == count }
            #expect(Set(replies.elements.compactMap(\.text)) == Set((0..<count).map { "\($0 * 2)" }))
            #expect(caller.transport.statistics.envelopes >= UInt64(count))
            #expect(caller.transport.statistics.messages < UInt64(count) / 2)
        }
    }

    @Test func whatAnEventLoopAsksInOneTurnTravelsTogether() async throws {
        try await withPair(at: SharedBroker.get()) { caller, callee, _ in
            let replies = Log<RPCReply>()
            let before = caller.transport.statistics.messages
            try await MultiThreadedEventLoopGroup.singleton.next().submit {
                for number in 0..<20 {
                    let request = RPCRequest(function: "double", payload: .json(ByteBuffer(string: "[\(number)]")))
                    caller.node.call("Work", request, timeout: .seconds(20)) { replies.add($0) }
                    // Long enough for any other thread to write it.
                    usleep(2000)
                }
            }.get()
            try await eventually("all are answered") { replies.count == 20 }
            #expect(Set(replies.elements.compactMap(\.text)) == Set((0..<20).map { "\($0 * 2)" }))
            // One; more where an announcement or a probe has all that waits written meanwhile.
            #expect(caller.transport.statistics.messages - before < 10)
        }
    }

    @Test func whoDoesNotAnnounceThatItReadsBatchesGetsNone() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let caller = try TestNode("a", on: network)
        try await caller.node.start()
        let client = try await RawClient.connect(to: network)
        let announcement = """
            {"version":2,"node":"python","sequence":1,"instances":[{"id":"py:Dice","type":"Dice","queue":"\(client.queue)"}]}
            """
        try client.publish(announcement, to: "", exchange: "\(network.name).nodes") { $0.type = "member" }
        try await caller.knows("py:Dice")
        let replies = Log<RPCReply>()
        for _ in 0..<300 {
            let request = RPCRequest(function: "roll", payload: .json(ByteBuffer(string: "[6]")))
            caller.node.call("Dice", request, timeout: .seconds(30)) { replies.add($0) }
        }
        // On a busy machine the caller asks meanwhile whether the queue is still there: an empty message without type.
        try await eventually("300 requests come") { client.replies.count { $0.properties.type != nil } == 300 }
        let requests = client.replies.filter { $0.properties.type != nil }
        #expect(requests.allSatisfy { $0.properties.contentType == "application/json" && $0.properties.type == "roll" })
        for request in requests {
            let left = try #require(request.properties.expiration.flatMap { Int($0) })
            #expect((1...30_000).contains(left))
            #expect(request.properties.appID == "a")
            try client.publish("4", to: try #require(request.properties.replyTo)) { properties in
                properties.type = "reply"
                properties.correlationID = request.properties.correlationID
            }
        }
        try await eventually("all are answered") { replies.count == 300 }
        #expect(replies.elements.allSatisfy { $0.text == "4" })
        await caller.shutDown()
        await client.connection.close()
    }

    @Test func confirmedAndPlainPushesOfANodeKeepTheirOrder() async throws {
        let pushes = Log<GroupPush>()
        try await withPair(at: SharedBroker.get(), pushes: pushes) { chat, gate, _ in
            try await gate.subscribe("b:Work", to: "room")
            let outcomes = Log<Bool>()
            for number in 0..<1000 {
                let push = GroupPush(group: "room", topic: "t", qos: 0, body: ByteBuffer(string: "\(number)"))
                if number % 3 == 0 {
                    // Sent before the task waits.
                    _ = Task.immediate { outcomes.add((try? await chat.node.pushConfirmed(push)) == .routed) }
                } else {
                    chat.node.push(push)
                }
            }
            try await eventually("all arrive") { pushes.count == 1000 }
            #expect(pushes.elements.map { Int(String(buffer: $0.body)) } == Array(0..<1000))
            try await eventually("all are confirmed") { outcomes.count == 334 }
            #expect(!outcomes.elements.contains(false))
        }
    }

    @Test func aProgramWithoutAQueuePushesToAGroupWithOneMessage() async throws {
        let pushes = Log<GroupPush>()
        let broker = try await SharedBroker.get()
        try await withPair(at: broker, pushes: pushes) { chat, gate, _ in
            try await chat.serve("Chat", "a:Chat")
            try await gate.knows("a:Chat")
            let groups = [GroupName.owned(by: "Chat", key: "room"), "hall"]
            for group in groups { try await gate.subscribe("b:Work", to: group) }
            let exchange = chat.transport.configuration.exchange
            let client = try await RawClient.connect(to: RabbitMQNetwork(broker: broker))
            for number in 0..<20 {
                for group in groups {
                    try client.publish("\(number)", to: "", exchange: "\(exchange).nodes") { properties in
                        (properties.type, properties.contentType) = ("$push", "application/octet-stream")
                        properties.headers = ["group": .string(group.rawValue), "topic": "t"]
                    }
                }
            }
            try await eventually("all arrive") { pushes.count >= 40 }
            for group in groups {
                let texts = pushes.elements.filter { $0.group == group }.map { String(buffer: $0.body) }
                #expect(texts == (0..<20).map { "\($0)" }, "\(group)")
            }
            await client.connection.close()
        }
    }

    @Test func aResultThatIsTooLargeIsAnErrorAtOnce() async throws {
        try await withPair(at: SharedBroker.get(), { $0.connection.maximumBodySize = 100_000 }) { caller, callee, _ in
            try await callee.serve("Big", "b:Big") { server in
                try server.registerRaw("big") { _ in .bytes(ByteBuffer(repeating: 0, count: 100_001)) }
            }
            try await caller.knows("b:Big")
            let error = await caller.reply("Big", "big").error
            #expect(error?.code == .tooLarge)
            #expect(error?.outcome == .answered)
            let request = RPCRequest(function: "big", payload: .bytes(ByteBuffer(repeating: 0, count: 100_001)))
            let refused = await #expect(throws: RPCError.self) { _ = try await caller.node.call("Big", request) }
            #expect(refused?.code == .tooLarge)
            #expect(refused?.outcome == .notDelivered)
        }
    }
}

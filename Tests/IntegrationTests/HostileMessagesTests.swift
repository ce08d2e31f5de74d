import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// Whatever a program at the broker sends to a node's queues and to the exchange: the node lives on, on the same connection, and
/// answers who asks it properly.
@Suite(.timeLimit(.minutes(2)))
struct HostileMessagesTests {
    /// Rows of docs/wire.md §5, "what becomes of it".
    private struct Row: CustomTestStringConvertible {
        var testDescription: String
        var body = "[4]"
        var headers: FieldTable = [:]
        var adjust: @Sendable (inout BasicProperties) -> Void = { _ in }
        /// The answer's `error-code`, `reply` for a result; nil: there is none.
        var answer: String?
    }

    private static let rows: [Row] = [
        Row(testDescription: "as it should be", answer: "reply"),
        Row(testDescription: "no content type", adjust: { $0.contentType = nil }),
        Row(testDescription: "another content type", adjust: { $0.contentType = "text/plain" }),
        Row(testDescription: "no type", adjust: { $0.type = nil }),
        Row(testDescription: "a session that is none", headers: ["session": "{}"]),
        Row(testDescription: "a session that is a number", headers: ["session": 7]),
        Row(testDescription: "a session that is a table", headers: ["session": .table(["Sessionid": "x"])]),
        Row(testDescription: "an object", body: "{}", answer: "invalid-arguments"),
        Row(testDescription: "half an array", body: "[4", answer: "invalid-arguments"),
        Row(testDescription: "too many arguments", body: "[4,4]", answer: "invalid-arguments"),
        Row(testDescription: "another type", body: #"["4"]"#, answer: "invalid-arguments"),
        Row(testDescription: "deep", body: String(repeating: "[", count: 100_000), answer: "invalid-arguments"),
        Row(
            testDescription: "bytes", adjust: { $0.contentType = "application/octet-stream" },
            answer: "invalid-arguments"),
        Row(testDescription: "another function", adjust: { $0.type = "nope" }, answer: "function-not-found"),
        Row(testDescription: "a push's name", adjust: { $0.type = "$push" }, answer: "invalid-arguments"),
        Row(testDescription: "a time-out that is none", headers: ["timeout": "soon"], answer: "reply"),
        Row(testDescription: "a negative time-out", headers: ["timeout": -1], answer: "reply"),
        Row(
            testDescription: "headers of all types",
            headers: ["a": .void, "b": .array([.table(["c": .double(0.5)])]), "d": .timestamp(.max), "e": true],
            answer: "reply"),
    ]

    @Test func whatIsNoRequestIsAnsweredOrDroppedAsThePageSays() async throws {
        try await withCallee { callee, client, queue in
            for (number, row) in Self.rows.enumerated() {
                try client.publish(ByteBuffer(string: row.body), to: queue) { properties in
                    properties.type = "double"
                    properties.correlationID = "\(number)"
                    properties.replyTo = client.queue
                    properties.headers = row.headers
                    row.adjust(&properties)
                }
            }
            let replies = try await client.received(Self.rows.count { $0.answer != nil } + (try ask(client, queue)))
            for (number, row) in Self.rows.enumerated() {
                let reply = replies.first { $0.properties.correlationID == "\(number)" }?.properties
                let answer = reply?.headers["error-code"]?.string ?? reply?.type
                #expect(answer == row.answer, "\(row.testDescription)")
            }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func mutatedMessagesOnEveryQueueAndTheExchangeDoNoHarm(seed: UInt64) async throws {
        try await withCallee { callee, client, queue in
            let lives = callee.transport.statistics.connections
            var mutant = MutantMessage(generator: SeededGenerator(seed: seed), replyTo: client.queue)
            let queues = callee.transport.queueNames.map(\.rawValue).filter { !$0.contains("lock.") }
            #expect(queues.count == 3)
            let targets = queues.map { ("", $0) } + [("\(callee.network).nodes", "")]
            for (exchange, key) in targets {
                for _ in 0..<400 {
                    let (properties, body) = mutant.next()
                    try client.channel.publish(
                        OutgoingMessage(exchange: exchange, routingKey: key, properties: properties, body: body))
                }
            }
            // Behind all of them in each of the queues.
            let count = try ask(client, queue)
            try await eventually("it answers", within: .seconds(60)) {
                client.replies.count { $0.properties.correlationID == "ask" } == count
            }
            let push = GroupPush(group: "room", topic: "t", qos: 0, body: ByteBuffer(string: "end"))
            callee.node.push(push)
            try await eventually("pushes arrive") { callee.pushes.elements.contains("end") }
            #expect(callee.transport.statistics.connections == lives)
            // They did arrive.
            #expect(callee.transport.statistics.dropped(.malformed) > 100)
            #expect(callee.transport.statistics.dropped(.contentType) > 100)
        }
    }

    /// Sends a proper call; how many replies it has.
    private func ask(_ client: RawClient, _ queue: String) throws -> Int {
        try client.publish("[21]", to: queue) { properties in
            properties.type = "double"
            properties.correlationID = "ask"
            properties.replyTo = client.queue
        }
        return 1
    }

    private struct Callee {
        let network: String
        let node: RPCNode
        let transport: RabbitMQTransport
        let pushes: Log<String>
    }

    private func withCallee(_ body: (Callee, RawClient, _ queue: String) async throws -> Void) async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let callee = try TestNode("b", on: network)
        try await callee.node.start()
        let pushes = Log<String>()
        try await callee.serve("Work", "b:Work") { server in
            try server.register("double") { (number: Int) in number * 2 }
            server.receivePushes { pushes.add(String(buffer: $0.body)) }
        }
        try await callee.subscribe("b:Work", to: "room")
        let queue = try #require(callee.node.view.local["b:Work"]?.queue.rawValue)
        let client = try await RawClient.connect(to: network)
        let result: Result<Void, any Error>
        do {
            let described = Callee(
                network: network.name, node: callee.node, transport: callee.transport, pushes: pushes)
            result = .success(try await body(described, client, queue))
        } catch {
            result = .failure(error)
        }
        await client.connection.close()
        await callee.shutDown()
        try result.get()
    }
}

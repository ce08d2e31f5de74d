import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// What owners and Gates tell each other of groups, said by a program at the broker that is neither: pushes arrive as before.
@Suite(.timeLimit(.minutes(2)))
struct HostileGroupMessagesTests {
    private static let room = GroupName.owned(by: "Chat", key: "room")
    private static let many = 50_000
    private static let names = #"["# + (0..<many).map { #""ghost-\#($0)""# }.joined(separator: ",") + "]"

    /// One message that lies.
    private struct Lie {
        var type: String
        var headers: [String: FieldValue] = [:]
        var body = "x"
        var contentType = "application/octet-stream"

        func with(_ headers: [String: FieldValue], body: String? = nil) -> Lie {
            var lie = self
            lie.headers.merge(headers) { $1 }
            lie.body = body ?? self.body
            return lie
        }
    }

    private static let push = Lie(type: "$push", headers: ["group": .string(room.rawValue), "topic": "t"])
    private static let delivery = Lie(
        type: "$deliver",
        headers: [
            "group": .string(room.rawValue), "topic": "t", "owner": "ghost:Chat", "owner-node": "ghost",
            "owner-life": "1", "number": "1",
        ])
    private static let subscription = Lie(
        type: "$subscriptions",
        headers: ["gate": "ghost:Gate", "node": "ghost", "life": "1", "queue": "nobody", "generation": "1"],
        body: #"[{"subscribe":["\#(room)"]}]"#, contentType: "application/json")

    private static let answer = Lie(
        type: "$subscribed",
        headers: ["owner": "a:Chat", "owner-node": "a", "owner-life": "1", "number": "18446744073709551615"],
        body: #"[[{"group":"user.x","session":"\#(session)","verdict":"superseded","counter":1,"by":"\#(session)"}]]"#,
        contentType: "application/json")
    private static let session = "00112233445566778899aabbccddeeff"

    /// Neither text nor a number, and texts that are no number.
    private static let oddities: [FieldValue] = [
        .void, true, .table(["x": 1]), .array([1, "a"]), .double(0.5), .timestamp(.max), .int64(.min), "", "x", "-1",
        "1e9", "0x1", " 1", "18446744073709551615", "18446744073709551616", "1\u{1}q", "q\u{0}q",
        .string(String(repeating: "l", count: 10_000)), .bytes(ByteBuffer(bytes: [0xff, 0xfe, 0])),
    ]

    private static var lies: [Lie] {
        var lies: [Lie] = []
        for lie in [push, delivery, subscription, answer] {
            lies.append(lie)
            for name in lie.headers.keys.sorted() {
                // What a program says in the group's place is for another group, or for nobody.
                lies += oddities.map { lie.with(["topic": "odd"]).with([name: $0]) }
                var less = lie
                less.headers[name] = nil
                lies.append(less.with(name == "topic" ? [:] : ["topic": "odd"]))
            }
            for qos in ["3", "-1", "x"] as [FieldValue] { lies.append(lie.with(["qos": qos])) }
            var other = lie
            other.contentType = lie.contentType.hasSuffix("json") ? "application/octet-stream" : "application/json"
            lies.append(other)
        }
        lies += [
            "", "[]", "{}", "[{}]", "[{},{}]", "null", String(repeating: "[", count: 100_000),
            #"[{"subscribe":"room"}]"#, #"[{"subscribe":[7]}]"#, #"[{"view":{}}]"#,
            #"[{"view":[]}]"#, #"[{"view":["",""],"received":0}]"#,
            #"[{"received":-1}]"#, #"[{"received":1e30}]"#, #"[{"received":18446744073709551615}]"#,
            #"[{"view":["a:Chat","b:Gate"],"received":18446744073709551615}]"#,
            #"[{"view":\#(names),"received":7}]"#, #"[{"subscribe":\#(names)}]"#, #"[{"unsubscribe":\#(names)}]"#,
            #"[{"view":["\#(String(repeating: "v", count: 1 << 20))"]}]"#,
            #"[{"bind":[{}]}]"#, #"[{"bind":[{"group":"user.x","session":"x","counter":1}]}]"#,
            #"[{"bind":[{"group":"user.x","session":"\#(session)","counter":-1}]}]"#,
            #"[{"bind":[{"group":"user.x","session":"\#(session)","counter":1,"ask":"allow"}]}]"#,
            #"[{"bind":[{"group":"user.x","session":"\#(session)","counter":18446744073709551615,"ask":"kick"}]}]"#,
            #"[{"bind":[{"group":"","session":"\#(session)","counter":18446744073709551615}]}]"#,
            #"[{"release":[{"group":"user.x","session":"\#(session)"}]}]"#,
        ].map { subscription.with([:], body: $0) }
        // A crowd of Gates that nobody knows, some without a word of what they take to be live.
        lies += (0..<200).flatMap { number in
            let ghost = subscription.with([
                "gate": .string("ghost-\(number)"), "queue": .string("ghost-\(number)"),
                "generation": "18446744073709551615",
            ])
            return [ghost] + (number % 2 == 0 ? [ghost.with([:], body: #"[{"view":["a:Chat"]}]"#)] : [])
        }
        // Another life of those that are there.
        for (gate, node) in [("b:Gate", "b"), ("a:Chat", "a"), ("b:Gate", "a")] as [(FieldValue, FieldValue)] {
            lies.append(subscription.with(["gate": gate, "node": node, "life": "4711", "generation": "4711"]))
            lies.append(
                delivery.with([
                    "owner": gate, "owner-node": node, "owner-life": "4711", "number": "18446744073709551615",
                    "topic": "odd",
                ]))
        }
        return lies
    }

    @Test func whatOwnersAndGatesAreToldByStrangersDoesNoHarm() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let (chat, gate) = (try TestNode("a", on: network), try TestNode("b", on: network))
        for node in [chat, gate] { try await node.node.start() }
        try await chat.serve("Chat", "a:Chat") { try $0.register("double") { (number: Int) in number * 2 } }
        let pushes = Log<GroupPush>()
        try await gate.serve("Gate", "b:Gate") { server in
            try server.register("double") { (number: Int) in number * 2 }
            server.receivePushes { pushes.add($0) }
        }
        try await chat.knows("b:Gate")
        try await gate.knows("a:Chat")
        let groups = [Self.room, "hall"]
        for group in groups { try await gate.subscribe("b:Gate", to: group) }
        // A question that comes by the owner's queue, behind what the Gate has told: the owner has read that when it answers.
        #expect(try await gate.node.pushConfirmed(.probe(Self.room)) == .routed)
        #expect(try await chat.node.pushConfirmed(.probe("hall")) == .routed)
        try await say("0", chat, pushes, groups)

        let client = try await RawClient.connect(to: network)
        let queues = try [#require(chat.node.view.local["a:Chat"]), #require(gate.node.view.local["b:Gate"])]
            .map(\.queue.rawValue)
        for number in 1...3 {
            for queue in queues {
                for lie in Self.lies {
                    try client.publish(ByteBuffer(string: lie.body), to: queue) { properties in
                        properties.type = lie.type
                        properties.contentType = lie.contentType
                        properties.headers = FieldTable(
                            entries: lie.headers.map { FieldTable.Entry(key: $0.key, value: $0.value) })
                        // Somebody asks for an answer to what has none.
                        (properties.replyTo, properties.correlationID) = (client.queue, "lie")
                    }
                }
                try client.publish("[21]", to: queue) { properties in
                    properties.type = "double"
                    (properties.replyTo, properties.correlationID) = (client.queue, "\(number) \(queue)")
                }
            }
            try await eventually("both have read all", within: .seconds(60)) {
                queues.allSatisfy { queue in client.hasReceived { $0.properties.correlationID == "\(number) \(queue)" }
                }
            }
            try await say("\(number)", chat, pushes, groups)
        }
        // Each was read: one that asks for an answer gets one.
        let count = 3 * queues.count * Self.lies.count
        try await eventually("\(count) answers") {
            client.replies.count { $0.properties.correlationID == "lie" } == count
        }
        #expect(client.replies.contains { $0.properties.headers["error-code"]?.string == "invalid-arguments" })
        for node in [chat, gate] { #expect(node.transport.statistics.connections == 1) }
        await client.connection.close()
        for node in [chat, gate] { await node.shutDown() }
    }

    /// Pushes ten times to each group from one node; they arrive once each, in order.
    private func say(_ word: String, _ node: TestNode, _ pushes: Log<GroupPush>, _ groups: [GroupName]) async throws {
        for number in 0..<10 {
            for group in groups {
                let text = ByteBuffer(string: "\(word) \(number)")
                let push = GroupPush(group: group, topic: "said", qos: 0, body: text)
                #expect(try await node.node.pushConfirmed(push) == .routed)
            }
        }
        for group in groups {
            func heard() -> [String] {
                pushes.elements.filter { $0.topic == "said" && $0.group == group }.map { String(buffer: $0.body) }
                    .filter { $0.hasPrefix("\(word) ") }
            }
            let all = (0..<10).map { "\(word) \($0)" }
            try await eventually("\(group) hears \(word)") { heard().count >= all.count }
            #expect(heard() == all)
        }
    }
}

import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore

/// Makes messages that are nearly those of docs/wire.md.
struct MutantMessage {
    var generator: SeededGenerator
    /// Where answers to those that can be answered go.
    let replyTo: String

    private static let batch: [UInt8] = [
        0, 0, 0, 41, 0, 0, 0, 0x27, 0x10, 6, 0x64, 0x6f, 0x75, 0x62, 0x6c, 0x65, 2, 0x32, 0x61, 13, 0x72, 0x65, 0x70,
        0x6c,
        0x69, 0x65, 0x73, 0x2e, 0x6e, 0x31, 0x2e, 0x6b, 0x31, 2, 0x6e, 0x31, 1, 1, 0x78, 0, 0, 0, 1, 0x79, 0x5b, 0x34,
        0x5d,
    ]
    private static let texts = [
        "[4]", "[\"abc\"]", "\"text\"", "null", "{}", "",
        #"{"batch":true,"host":"h","instances":[{"id":"f:Odd","idempotent":["m"],"load":3,"queue":"q.odd","type":"Odd"}],"node":"odd","probes":true,"replies":"replies.odd","sequence":7}"#,
        #"{"goodbye":true,"instances":[],"node":"odd","sequence":18446744073709551615}"#,
        #"{"node":"odd","queues":["q.odd","replies.odd"]}"#,
        #"[{"subscribe":["room"],"unsubscribe":["room"]}]"#,
        #"[{"received":7,"view":["b:Work","f:Odd","f:Odd",""]}]"#,
        #"{"Groups":["room"],"Serverid":"g","Sessionid":"00112233445566778899aabbccddeeff","Userid":"zoe","Version":3}"#,
    ]
    private static let types = [
        "double", "reply", "error", "member", "announcement", "who-are-you", "gone", "unreachable", "$push", "$deliver",
        "$subscriptions",
        "$status", "$present", "Send", "", "\u{0}",
    ]
    private static let contentTypes = [
        "application/json", "application/octet-stream", "application/vnd.mqant.batch", "text/plain", "",
    ]
    private static let headerNames = [
        "session", "timeout", "topic", "qos", "session-id", "group", "except", "error-code", "traceparent",
        "gate", "node", "queue", "life", "generation", "owner", "owner-node", "owner-life", "number",
    ]
    private static let numbers = ["0", "1", "-1", "4294967295", "4294967296", "99999999999999999999", "x", "0x1f", ""]

    /// The next one.
    mutating func next() -> (BasicProperties, ByteBuffer) {
        var properties = BasicProperties()
        properties.contentType = pick(Self.contentTypes)
        properties.type = chance(10) ? nil : pick(Self.types)
        properties.correlationID = chance(3) ? nil : pick(["1", "0", "ffffffffffffffff", "ask2", "\u{0}", "100000000"])
        // Answers to what can be answered are not to be taken for those to proper calls.
        properties.replyTo = chance(2) ? replyTo : pick(["", "nobody", String(repeating: "x", count: 255), "9\u{1}q"])
        // Another expiration than a number is refused by the broker itself.
        properties.expiration = chance(3) ? pick(["0", "1", "60000", "4294967295"]) : nil
        properties.messageID = chance(4) ? pick(Self.numbers) : nil
        properties.appID = chance(2) ? pick(["odd", "b", ""]) : nil
        if chance(2) { properties.headers = headers() }
        var body = chance(2) ? Self.batch : Array(pick(Self.texts).utf8)
        if chance(4) { body += body }
        for _ in 0..<Int.random(in: 0...6, using: &generator) where !body.isEmpty { mutate(&body) }
        return (properties, ByteBuffer(bytes: body))
    }

    private mutating func headers() -> FieldTable {
        var table = FieldTable()
        for name in Self.headerNames where chance(3) {
            let value: FieldValue =
                switch Int.random(in: 0...6, using: &generator) {
                case 0: .string(pick(Self.texts))
                case 1: .string(pick(Self.numbers))
                case 2: .int64(Int64.random(in: .min ... .max, using: &generator))
                case 3: .table(["x": .array([.void, 1, true])])
                case 4: .bytes(ByteBuffer(bytes: [0xff, 0xfe, 0]))
                // Not a number is more than the broker itself can read.
                case 5: .double(-0.5)
                default: .timestamp(.max)
                }
            table.entries.append(FieldTable.Entry(key: name, value: value))
        }
        return table
    }

    private mutating func mutate(_ body: inout [UInt8]) {
        let place = Int.random(in: body.indices, using: &generator)
        switch Int.random(in: 0...5, using: &generator) {
        case 0: body[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: body[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
        case 2: body.remove(at: place)
        case 3: body.insert(0xff, at: place)
        case 4: body.removeSubrange(place...)
        default: body[place] = pick([0, 0xff, 0x7f, 0x80, 0x7b, 0x5b, 0x22])
        }
    }

    /// True once in so many times.
    private mutating func chance(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &generator) == 0 }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &generator)]
    }
}

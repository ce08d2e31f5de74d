import MqantRPC
import NIOCore
import Testing

extension TransportContract {
    static var payloadChecks: [ContractCheck] {
        [
            ContractCheck("bytes arrive as they were sent, both ways", bytesUnchanged),
            ContractCheck("JSON arrives byte for byte, both ways", jsonUnchanged),
            ContractCheck("payloads of 1 MB travel both ways, several at a time", megabytes),
            ContractCheck("typed arguments and results survive the way", typedArguments),
            ContractCheck("the session of a request arrives whole", sessionArrives),
            ContractCheck("headers arrive", headersArrive),
            ContractCheck("the callee sees a deadline not after the caller's", deadlineArrives),
        ]
    }

    private static func echo(_ cluster: TestCluster) async throws -> RPCNode {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        try await cluster.serve("Echo", "b:Echo", on: callee) { server in
            try server.registerRaw("echo") { $0.payload }
        }
        return caller
    }

    static func bytesUnchanged(_ cluster: TestCluster) async throws {
        let caller = try await echo(cluster)
        let every = (UInt8.min...UInt8.max).map { $0 }
        let bodies: [[UInt8]] = [
            [], [0], [0xff], every, every.reversed(), Array(repeating: every, count: 17).flatMap(\.self),
        ]
        for body in bodies {
            let sent = Payload.bytes(ByteBuffer(bytes: body))
            let answer = try await caller.call("Echo", RPCRequest(function: "echo", payload: sent))
            #expect(answer == sent)
        }
    }

    static func jsonUnchanged(_ cluster: TestCluster) async throws {
        let caller = try await echo(cluster)
        for text in ["[]", "null", " [ 1 ,\t2.50 ] ", #"["\u0041\/ü漢😀"]"#, #"{"b":1,"a":2,"b":3}"#] {
            let sent = Payload.json(ByteBuffer(string: text))
            let answer = try await caller.call("Echo", RPCRequest(function: "echo", payload: sent))
            #expect(answer == sent)
        }
    }

    static func megabytes(_ cluster: TestCluster) async throws {
        let caller = try await echo(cluster)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 as Range<UInt8> {
                group.addTask {
                    var body = ByteBuffer(repeating: number, count: 1 << 20)
                    body.setInteger(UInt64(number) &* 0x0123_4567_89ab_cdef, at: body.readerIndex)
                    let sent = Payload.bytes(body)
                    let answer = try await caller.call("Echo", RPCRequest(function: "echo", payload: sent))
                    #expect(answer == sent)
                }
            }
            try await group.waitForAll()
        }
    }

    private struct Say: Codable, Sendable, Equatable {
        var roomName: String
        var words: [String?]
        var weight: Double
    }

    static func typedArguments(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        try await cluster.serve("Typed", "b:Typed", on: callee) { server in
            try server.register("none") { "none" }
            try server.register("nothing") { (_: Int) in }
            try server.register("three") { (say: Say, number: Int?, flag: Bool) in
                flag
                    ? Say(roomName: say.roomName, words: say.words + [number.map(String.init)], weight: -say.weight)
                    : say
            }
        }
        let none: String = try await caller.ask("Typed", "none")
        #expect(none == "none")
        let nothing: Int? = try await caller.ask("Typed", "nothing", 1)
        #expect(nothing == nil)
        let say = Say(roomName: "a\"b\\c\u{1}/😀", words: ["x", nil], weight: 0.1)
        let three: Say = try await caller.ask("Typed", "three", say, Int?.none, true)
        #expect(three == Say(roomName: say.roomName, words: ["x", nil, nil], weight: -0.1))
        let four: Say = try await caller.ask("Typed", "three", say, 7, true)
        #expect(four.words == ["x", nil, "7"])
    }

    static func sessionArrives(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let seen = Recorder<SessionState?>()
        try await cluster.serve("Chat", "b:Chat", on: callee) { server in
            try server.registerRaw("Handler_see") { request in
                seen.add(request.session)
                return ArgumentCoding.null
            }
        }
        var session = SessionState.any()
        session.userID = "Zoë \"漢\""
        session.settings = ["k": "v\n\u{0}", "": "", "ü": "😀"]
        session.groups = ["room/ä", "b"]
        session.version = .max
        let _: Int? = try await caller.ask("Chat", "Handler_see", session: session)
        let _: Int? = try await caller.ask("Chat", "Handler_see")
        #expect(seen.elements == [session, nil])
    }

    static func headersArrive(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let seen = Recorder<[String: String]>()
        try await cluster.serve("Gate", "b:Gate", on: callee) { server in
            try server.registerRaw("Send") { request in
                seen.add(request.headers)
                return ArgumentCoding.null
            }
        }
        let headers = ["topic": "Chat/OnSay", "qos": "1", "x": "ü漢😀", "empty": ""]
        var request = RPCRequest(function: "Send", payload: .bytes(ByteBuffer(bytes: [0, 1, 255])))
        request.headers = headers
        _ = try await caller.call("Gate", request)
        #expect(seen.elements == [headers])
    }

    static func deadlineArrives(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let seen = Recorder<(deadline: NIODeadline?, now: NIODeadline)>()
        try await cluster.serve("Chat", "b:Chat", on: callee) { server in
            try server.registerRaw("see") { request in
                seen.add((request.deadline, .now()))
                return ArgumentCoding.null
            }
        }
        let _: Int? = try await caller.ask("Chat", "see", timeout: .seconds(20))
        let after = NIODeadline.now()
        let (deadline, now) = try #require(seen.elements.first)
        let left = try #require(deadline) - now
        #expect(left > .zero)
        #expect(now + left <= after + .seconds(20))
    }
}

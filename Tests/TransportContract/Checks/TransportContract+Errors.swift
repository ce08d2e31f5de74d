import MqantRPC
import NIOCore
import Testing

extension TransportContract {
    static var errorChecks: [ContractCheck] {
        [
            ContractCheck("the text of a handler's error arrives, whatever it is", errorTexts),
            ContractCheck("the code of a handler's RPCError arrives, and counts as answered", errorCodes),
            ContractCheck("arguments that do not fit are answered without running the handler", wrongArguments),
            ContractCheck("a result of another type is invalidResult", wrongResult),
        ]
    }

    static func errorTexts(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        try await cluster.serve("Chat", "b:Chat", on: callee) { server in
            try server.register("fail") { (text: String) in throw HandlerError(text) }
            try server.register("ping") { "pong" }
        }
        let texts = ["Not Logined", "", "ü漢😀\"\\\n\u{0}", String(repeating: "long ", count: 4000), "timeout", "reply"]
        for text in texts {
            let error = try await #require(throws: RPCError.self) {
                let _: Int? = try await caller.ask("Chat", "fail", text)
            }
            #expect(error == RPCError(.remote, text))
        }
        let pong: String = try await caller.ask("Chat", "ping")
        #expect(pong == "pong")
    }

    static func errorCodes(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        try await cluster.serve("Chat", "b:Chat", on: callee) { server in
            try server.register("fail") { (code: RPCError.Code) in throw RPCError(code, "on purpose") }
        }
        for code in RPCError.Code.known {
            let error = try await #require(throws: RPCError.self) {
                let _: Int? = try await caller.ask("Chat", "fail", code)
            }
            #expect(error.code == code)
            #expect(error.message == "on purpose")
            #expect(error.outcome == .answered, "a handler that ran is not safe to run again: \(code)")
        }
        #expect(caller.statistics.resent == 0)
        #expect(caller.statistics.timeouts == 0)
    }

    static func wrongArguments(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        let ran = Recorder<String>()
        try await cluster.serve("Chat", "b:Chat", on: callee) { server in
            try server.register("say") { (room: String, number: Int) in ran.add("\(room) \(number)") }
        }
        let bad: [Payload] =
            ["[]", #"["a"]"#, #"["a",1,2]"#, #"[1,"a"]"#, #"["a",null]"#, "{}", "7", "null", "", "[", "[1", "\u{0}"]
            .map { .json(ByteBuffer(string: $0)) }
            + [.bytes(ByteBuffer(string: #"["a",1]"#)), .json(ByteBuffer(bytes: [0xff, 0xfe, 0x5b]))]
        for payload in bad {
            let error = try await #require(throws: RPCError.self) {
                _ = try await caller.call("Chat", RPCRequest(function: "say", payload: payload))
            }
            #expect(error.code == .invalidArguments)
            #expect(error.message.hasPrefix("say"))
        }
        #expect(ran.count == 0)
        let _: Int? = try await caller.ask("Chat", "say", "a", 1)
        #expect(ran.elements == ["a 1"])
    }

    static func wrongResult(_ cluster: TestCluster) async throws {
        let (caller, callee) = (try await cluster.node("a"), try await cluster.node("b"))
        try await cluster.serve("Chat", "b:Chat", on: callee) { server in
            try server.register("text") { "text" }
            try server.register("unspeakable") { Double.nan }
        }
        let error = try await #require(throws: RPCError.self) {
            let _: Int = try await caller.ask("Chat", "text")
        }
        #expect(error.code == .invalidResult)
        #expect(error.outcome == .answered)
        #expect(await caller.failure(of: "Chat", "unspeakable")?.code == .invalidResult)
    }
}

import Testing

@testable import MqantLoad

@Suite("Scripts") struct ScriptTests {
    @Test func eachStepIsRead() throws {
        let script = try Script(
            """
            # a comment
            connect
            request Login/Handler_Login  {"userName":"{user}", "passWord":"x y"}

            subscribe news/#
            repeat 3
              pause 0.5-1.5
              publish a/b {}
              wait Chat/OnSay hello there
              wait Chat/OnJoin
            end
            disconnect
            """)
        let topic = { try Template($0) }
        #expect(
            script.steps == [
                .connect,
                .request(
                    topic: try topic("Login/Handler_Login"),
                    payload: try topic(#"{"userName":"{user}", "passWord":"x y"}"#)),
                .subscribe(try topic("news/#")),
                .repeat(times: 3, end: 8),
                .pause(500_000_000...1_500_000_000),
                .publish(topic: try topic("a/b"), payload: try topic("{}")),
                .wait(topic: try topic("Chat/OnSay"), text: try topic("hello there")),
                .wait(topic: try topic("Chat/OnJoin"), text: nil),
                .end(start: 3),
                .disconnect,
            ])
        #expect(script.names[1] == "3 request Login/Handler_Login")
        #expect(script.names[6] == "9 wait Chat/OnSay")
        #expect(script.waitsForPushes)
    }

    @Test func repeatsNest() throws {
        let script = try Script("connect\nrepeat\nrepeat 2\npause 1\nend\nend")
        #expect(script.steps[1] == .repeat(times: nil, end: 5))
        #expect(script.steps[2] == .repeat(times: 2, end: 4))
        #expect(script.steps[4] == .end(start: 2))
        #expect(!script.waitsForPushes)
    }

    @Test(arguments: [
        ("", 1, "first step must be connect"), ("pause 1", 1, "first step must be connect"),
        ("connect\nfly", 2, "there is no step fly"), ("connect\nrequest a/b", 2, "a payload is missing"),
        ("connect\nrequest", 2, "a topic is missing"), ("connect\nrequest a {bad} {}", 2, "no such placeholder"),
        ("connect now", 1, "nothing may follow"), ("connect\nend", 2, "end without repeat"),
        ("connect\nrepeat 2\npause 1", 2, "repeat without end"), ("connect\nrepeat 0\nend", 2, "from 1 on"),
        ("connect\nrepeat x\nend", 2, "from 1 on"), ("connect\npause", 2, "pause takes seconds"),
        ("connect\npause 2-1", 2, "pause takes seconds"), ("connect\npause -1", 2, "pause takes seconds"),
        ("connect\npause nan", 2, "pause takes seconds"), ("connect\npause 1e9", 2, "pause takes seconds"),
        ("connect\nsubscribe a b", 2, "one topic filter"),
        ("connect\nrepeat\npublish a b\nend", 1, "needs a request, a wait or a pause"),
        ("connect\nrepeat\npause 0\nend", 1, "needs a request, a wait or a pause"),
    ])
    func mistakesAreNamedWithTheirLine(text: String, line: Int, reason: String) {
        let error = #expect(throws: Script.Fault.self) { try Script(text) }
        #expect(error?.line == line)
        #expect(error?.reason.contains(reason) == true, "\(error.map(String.init(describing:)) ?? "")")
    }

    @Test func bothBoundsHold() {
        #expect(throws: Script.Fault.self) {
            try Script("connect\n" + String(repeating: "pause 1\n", count: Script.longest))
        }
        #expect(throws: Script.Fault.self) {
            try Script("connect\n" + String(repeating: "repeat 1\n", count: Script.deepest + 1))
        }
    }
}

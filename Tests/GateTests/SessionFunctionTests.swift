import Mqant
import MqantMQTTTestSupport
import MqantRPC
import NIOCore
import Testing

/// Functions that take a session and nothing else.
@Suite(.timeLimit(.minutes(1))) struct SessionFunctionTests {
    private static func register(_ server: RPCServer) throws {
        try server.register("Handler_Who") { (session: Session) in session.isGuest ? "guest" : session.userID }
        try server.register("Handler_Nothing") { (session: Session) in session.set("seen", to: "yes") }
        try server.register("Handler_One") { (session: Session, text: String) in text }
        try server.register("tick") { () in "tock" }
        // Another module that calls in the session's name.
        let node = server.node
        for (name, payload) in [("Empty", Payload.json(ByteBuffer(string: "[]"))), ("Bytes", .bytes(ByteBuffer()))] {
            try server.registerRaw("Handler_Relay\(name)", options: .concurrent) { request in
                var inner = RPCRequest(function: "Handler_Who", payload: payload)
                inner.session = request.session
                return try await node.call(.any("Test"), inner, timeout: nil)
            }
        }
    }

    @Test(arguments: ["{}", "null", "[]", "7", "\"text\"", "[1,2]", #"{"a":{"b":[null]}}"#])
    func takeAnyPayload(payload: String) async throws {
        try await GateHarness.run(register: Self.register) { harness in
            let client = try await TestClient.connected(port: harness.port)
            let who = try await client.ask("Test/Handler_Who/1", payload)
            #expect(who == #"{"Error":"","Result":"guest"}"#)
            let nothing = try await client.ask("Test/Handler_Nothing/2", payload)
            #expect(nothing == #"{"Error":"","Result":null}"#)
        }
    }

    @Test func areCalledByModulesWithoutArguments() async throws {
        try await GateHarness.run(register: Self.register) { harness in
            let client = try await TestClient.connected(port: harness.port)
            for name in ["Empty", "Bytes"] {
                let reply = try await client.ask("Test/Handler_Relay\(name)/1", "{}")
                #expect(reply == #"{"Error":"","Result":"guest"}"#)
            }
        }
    }

    @Test func othersLookAtTheirArgumentsAsBefore() async throws {
        try await GateHarness.run(register: Self.register) { harness in
            let client = try await TestClient.connected(port: harness.port)
            #expect(try await client.ask("Test/Handler_One/1", "\"x\"") == #"{"Error":"","Result":"x"}"#)
            #expect(try await client.ask("Test/Handler_One/2", "7").contains("Handler_One"))
            let request = RPCRequest(function: "tick", payload: .json(ByteBuffer(string: "[1]")))
            await #expect(throws: RPCError.self) { try await harness.node.call(.any("Test"), request) }
            let alone = RPCRequest(function: "Handler_Who", payload: .json(ByteBuffer(string: "[]")))
            await #expect(throws: RPCError.self) { try await harness.node.call(.any("Test"), alone) }
        }
    }
}

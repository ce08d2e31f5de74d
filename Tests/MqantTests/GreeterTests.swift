import Foundation
import Mqant
import NIOPosix
import Testing

/// The README's module: it does what the README says, and its text is the README's.
@Suite(.timeLimit(.minutes(1))) struct GreeterTests {
    /// Runs a Greeter in a node of its own, beside a Gate that tells what it is asked to send.
    private func withGreeter(
        settings: String = "{}", _ body: (RPCNode, AsyncStream<RPCRequest>) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let entry = #"{ "Id": "greeter", "Host": "127.0.0.1", "Settings": \#(settings) }"#
        let configuration = try ServerConfiguration(text: #"{ "Module": { "Greeter": [ \#(entry) ] } }"#)
        let id = NodeID("node")
        let node = RPCNode(
            id: id, transport: InProcessTransport(node: id, hub: InProcessHub()),
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        try await node.start()
        let sent = AsyncStream<RPCRequest>.makeStream()
        let gate = RPCServer(type: "Gate", instance: "gate", node: node, logger: logger)
        gate.registerRaw("Send") { request in
            sent.continuation.yield(request)
            return .json(ByteBuffer(string: "null"))
        }
        try await node.serve(gate)
        let context = ModuleContext(
            type: Greeter.type, instance: "greeter", settings: configuration.modules[0].settings,
            configuration: configuration, logger: logger, node: node, routes: Routes())
        let server = RPCServer(type: Greeter.type, instance: "greeter", node: node, logger: logger)
        try await Greeter(context: context).register(on: server)
        try await node.serve(server)
        let result: Result<Void, any Error>
        do { result = .success(try await body(node, sent.stream)) } catch { result = .failure(error) }
        await node.withdraw(server)
        await node.withdraw(gate)
        await node.shutdown()
        try result.get()
    }

    private func request(_ function: String, _ arguments: String, session: SessionState? = nil) -> RPCRequest {
        var request = RPCRequest(function: function, payload: .json(ByteBuffer(string: arguments)))
        request.session = session
        return request
    }

    @Test func modulesGetAGreeting() async throws {
        try await withGreeter(settings: #"{ "Word": "Salut" }"#) { node, _ in
            let reply = try await node.call("Greeter", request("greeting", #"["Ada"]"#))
            #expect(String(buffer: reply.buffer) == #""Salut, Ada!""#)
        }
    }

    @Test func clientsGetAReplyAndAPush() async throws {
        try await withGreeter { node, sent in
            let session = SessionState(id: SessionID(), gate: "gate")
            let reply = try await node.call(
                "Greeter", request("Handler_Greet", #"[{"name":"Ada"}]"#, session: session))
            #expect(String(buffer: reply.buffer) == #""Hello, Ada!""#)
            let push = try #require(await sent.first { _ in true })
            #expect(push.headers["topic"] == "Greeter/OnGreet")
            #expect(push.headers["session-id"] == session.id.description)
            #expect(String(buffer: push.payload.buffer) == #""Hello, Ada!""#)
        }
    }

    @Test func whatDoesNotFitIsAnErrorOfTheCaller() async throws {
        try await withGreeter { node, _ in
            let session = SessionState(id: SessionID(), gate: "gate")
            let unnamed = await #expect(throws: RPCError.self) {
                try await node.call("Greeter", request("Handler_Greet", "[{}]", session: session))
            }
            #expect(unnamed?.code == .invalidArguments)
            #expect(unnamed?.message == "Handler_Greet: name is missing")
            let nobody = await #expect(throws: RPCError.self) {
                try await node.call("Greeter", request("Handler_Greet", #"[{"name":"Ada"}]"#))
            }
            #expect(nobody?.code == .invalidArguments)
        }
    }

    @Test(arguments: ["README.md", "README.zh-CN.md"])
    func theDocumentsShowThisVeryModule(document: String) throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let code = try String(contentsOf: here.appendingPathComponent("GreeterExample.swift"), encoding: .utf8)
        let root = here.deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent(document), encoding: .utf8)
        #expect(text.contains("```swift\n\(code)```\n"))
    }
}

import Logging
import Mqant
import MqantMQTTTestSupport
import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import NIOPosix
import Testing

@testable import MqantGate

/// A module in Swift on one node works on a session that a Gate on another holds, with a real broker between them and a
/// real MQTT connection at the Gate.
@Suite(.timeLimit(.minutes(3)))
struct RemoteSessionTests {
    private static let bytes = ByteBuffer(bytes: (0..<100).flatMap { _ in (0...255) as ClosedRange<UInt8> })

    /// Runs `body` with a client of a Gate on the node `a`, whose first request a module on the node `b` has had: its
    /// session, as that module keeps it.
    private func withSession(
        at broker: RabbitMQBroker? = nil, _ body: (Session, TestClient, Gate, TestNode) async throws -> Void
    ) async throws {
        let shared = try await SharedBroker.get()
        let network = RabbitMQNetwork(broker: broker ?? shared)
        let (front, back) = (try TestNode("a", on: network), try TestNode("b", on: network))
        let sessions = AsyncStream<Session>.makeStream()
        try await front.node.start()
        try await back.node.start()
        try await back.serve("Spy", "b:Spy") { server in
            try server.register("Handler_Keep") { (session: Session, _: Int) in sessions.continuation.yield(session) }
            try server.register("Handler_Who") { (session: Session, _: Int) in session.userID }
            try server.register("Handler_Settings") { (session: Session, _: Int) in session.state.settings }
        }
        try await front.knows("b:Spy")
        let gate = try await makeGate(on: front, network)
        let server = try await front.serve(Gate.type, gate.services.context.instance) { try gate.register(on: $0) }
        try await back.knows(gate.services.context.instance)
        let result: Result<Void, any Error> = await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await gate.run() }
            let result: Result<Void, any Error>
            do {
                let port = try #require(await gate.ports.stream.first { _ in true })
                let client = try await TestClient.connected(port: port)
                try await client.publish("Spy/Handler_Keep", "0")
                let session = try #require(await sessions.stream.first { _ in true })
                result = .success(try await body(session, client, gate, back))
            } catch {
                result = .failure(error)
            }
            group.cancelAll()
            return result
        }
        await front.node.withdraw(server)
        await gate.shutdown()
        await front.shutDown()
        await back.shutDown()
        try result.get()
    }

    private func makeGate(on node: TestNode, _ network: RabbitMQNetwork) async throws -> Gate {
        let configuration = try ServerConfiguration(
            text: """
                { "Module": { "Gate": [ { "Id": "a:Gate", "Host": "127.0.0.1",
                    "Settings": { "TCPAddr": "127.0.0.1:0" } } ] } }
                """)
        return try await Gate(
            settings: configuration.modules[0].settings.read { GateSettings(reading: &$0) },
            context: ModuleContext(
                type: Gate.type, instance: "a:Gate", configuration: configuration, logger: RabbitMQNetwork.logger,
                node: node.node))
    }

    /// What the Gate says of the session, to somebody who knows no more than its id.
    private func fresh(_ session: Session, _ node: TestNode) async throws -> Session {
        let copy = Session(SessionState(id: session.id, gate: session.gate), node: node.node)
        try await copy.update()
        return copy
    }

    @Test func bindAndUnbind() async throws {
        try await withSession { session, client, _, back in
            #expect(session.gate == "a:Gate" && session.isGuest)
            try await session.bind("zoe")
            #expect(session.userID == "zoe")
            #expect(try await fresh(session, back).userID == "zoe")
            #expect(try await client.ask("Spy/Handler_Who/1", "0") == #"{"Error":"","Result":"zoe"}"#)
            try await session.unbind()
            #expect(session.isGuest)
            #expect(try await client.ask("Spy/Handler_Who/2", "0") == #"{"Error":"","Result":""}"#)
            #expect(back.transport.statistics.messages > 0, "through the broker")
        }
    }

    @Test func settingsThatArePushedComeWithTheNextRequest() async throws {
        try await withSession { session, client, _, back in
            session.set("hat", to: "红 red")
            session.set("coat", to: "none")
            #expect(try await client.ask("Spy/Handler_Settings/1", "0") == #"{"Error":"","Result":{}}"#)
            try await session.push()
            #expect(session.get("hat") == "红 red")
            #expect(try await fresh(session, back).state.settings == ["coat": "none", "hat": "红 red"])
            session.remove("coat")
            try await session.push()
            #expect(try await client.ask("Spy/Handler_Settings/2", "0") == #"{"Error":"","Result":{"hat":"红 red"}}"#)
            #expect(try await fresh(session, back).state.settings == ["hat": "红 red"])
        }
    }

    @Test func everyByteArrivesAsItWasSent() async throws {
        try await withSession { session, client, _, _ in
            for qos in 0...2 {
                try await session.send(topic: "bytes/\(qos)", body: Self.bytes, qos: qos)
                try session.castSend(topic: "cast/\(qos)", body: Self.bytes, qos: qos)
                for topic in ["bytes/\(qos)", "cast/\(qos)"] {
                    let packet = try await client.next(ofType: 3)
                    let publish = try #require(packet.publish)
                    #expect(publish.topic == topic)
                    #expect(Int(packet.flags >> 1) & 3 == qos)
                    #expect(publish.bytes == Self.bytes)
                }
            }
        }
    }

    /// Small frames: what a request could not carry is refused when it is added.
    @Test func aSessionThatWouldNotFitAFrameDoesNotGrow() async throws {
        let broker = try await BrokerLimitsTests.broker.value
        try await withSession(at: broker) { session, client, gate, back in
            func refusal(_ body: () async throws -> Void) async throws {
                let error = try await #require(throws: RPCError.self) { try await body() }
                #expect(error.code == .tooLarge && error.message.contains("too large"), "\(error)")
                // The session is what it was, and works.
                #expect(try await client.ask("Spy/Handler_Who/1", "0").hasPrefix(#"{"Error":"","#))
            }
            func name(_ number: Int) -> GroupName { GroupName("\(number)-" + String(repeating: "é", count: 62)) }
            var joined = 0
            try await refusal {
                while joined < 64 {
                    _ = try await session.join(name(joined))
                    joined += 1
                }
            }
            #expect(joined > 25)
            #expect(gate.services.sessions.count == 1 && session.groups.count == joined)
            try await refusal { try await session.bind(String(repeating: "u", count: 190)) }
            session.set("k", to: String(repeating: "\u{1}", count: 1000))
            try await refusal { try await session.push() }
            for number in (0..<joined).reversed() {
                #expect(try await client.ask("Spy/Handler_Who/2", "0") == #"{"Error":"","Result":""}"#)
                _ = try await session.leave(name(number))
            }
            #expect(try await fresh(session, back).groups.isEmpty)
            try await session.bind(String(repeating: "u", count: 190))
        }
    }

    /// A context of the module on the node `b`.
    private func context(on node: TestNode) throws -> ModuleContext {
        ModuleContext(
            type: "Spy", instance: "b:Spy",
            configuration: try ServerConfiguration(
                text: #"{ "Module": { "Spy": [ { "Id": "b:Spy", "Host": "127.0.0.1" } ] } }"#),
            logger: RabbitMQNetwork.logger, node: node.node)
    }

    @Test func aPushLeavesOneSessionOut() async throws {
        try await withSession { session, client, _, back in
            let context = try context(on: back)
            try await session.join("table")
            let other = Session(SessionState(id: SessionID(), gate: session.gate), node: back.node)
            let bodies = ["1", "2", "3", "4"].map { ByteBuffer(string: $0) }
            context.push(to: "table", topic: "t", body: bodies[0], except: session)
            let isThere = try await context.pushConfirmed(to: "table", topic: "t", body: bodies[1], except: session)
            #expect(isThere)
            context.push(to: "table", topic: "t", body: bodies[2], except: other)
            context.push(to: "table", topic: "t", body: bodies[3])
            #expect(try await client.push(on: "t") == "3")
            #expect(try await client.push(on: "t") == "4")
        }
    }

    @Test func disconnectEndsTheSessionsOfAUser() async throws {
        try await withSession { session, client, gate, back in
            let context = try context(on: back)
            try await session.bind("Ada")
            context.push(toUser: "Ada", topic: "t", body: ByteBuffer(string: "bye"))
            #expect(try await context.disconnect(user: "Ada", reason: "é \"quoted\""))
            #expect(try await client.push(on: "t") == "bye")
            #expect(try await client.push(on: "Gate/OnKick") == #"{"reason":"é \"quoted\""}"#)
            await client.closed()
            try await eventually("the Gate has let it go") { gate.services.sessions.count == 0 }
            // The group's owner hears of it a moment later.
            let limit = ContinuousClock.now + .seconds(10)
            while try await context.disconnect(user: "Ada") {
                try #require(ContinuousClock.now < limit, "the user is still there")
            }
        }
    }

    @Test func closeEndsTheConnection() async throws {
        try await withSession { session, client, gate, back in
            try await session.close()
            // The client's end may come late: a child that another test starts may hold its socket for a while.
            try await eventually("the Gate has let it go") { gate.services.sessions.count == 0 }
            await #expect(throws: RPCError.noSession) { try await session.update() }
            await #expect(throws: RPCError.noSession) { try await session.send(topic: "t", body: Self.bytes) }
            #expect(gate.services.statistics.refused == 2)
            try session.castSend(topic: "t", body: Self.bytes)
            try await eventually("the cast is counted") { gate.services.statistics.refused == 3 }
        }
    }
}

import Glibc
import Mqant
import MqantMQTTTestSupport
import NIOCore
import Synchronization
import Testing

@testable import MqantGate

/// What a client with much to do leaves to the others of its event loop.
@Suite(.timeLimit(.minutes(3))) struct FairnessTests {
    private final class Counter: Sendable {
        private let number = Atomic(0)
        var value: Int { number.load(ordering: .relaxed) }
        func add() { number.add(1, ordering: .relaxed) }
    }

    /// Runs a Gate of one loop with a room: whoever says something there has it pushed to all members.
    private func runRoom(_ body: @Sendable (GateHarness, _ says: Counter) async throws -> Void) async throws {
        let says = Counter()
        // Members who only listen are not to be cut off, however slow the machine is.
        try await GateHarness.run(settings: #""EventLoops": 1"#, mqtt: #""ReadTimeout": 3600"#) { server in
            let node = server.node
            let options = FunctionOptions.perSession.nonblocking
            try server.register("Handler_Join", options: options) { (session: Session, group: String) in
                try await session.join(GroupName(group))
            }
            try server.register("Handler_Say", options: options) { (_: Session, text: String) in
                says.add()
                node.push(GroupPush(group: "room", topic: "said", qos: 0, body: ByteBuffer(string: text)))
            }
            try server.register("Handler_Echo", options: options) { (_: Session, number: Int) in number }
        } _: { harness in
            try await body(harness, says)
        }
    }

    private static let says = 4000

    private func burst(_ client: TestClient) async throws {
        var packets = ByteBuffer()
        for number in 0..<Self.says {
            packets.writeImmutableBuffer(TestClient.publishPacket("Test/Handler_Say", "\"\(number)\""))
        }
        try await client.send(packets)
    }

    private func members(_ count: Int, _ harness: GateHarness) async throws -> [TestClient] {
        var members: [TestClient] = []
        for _ in 0..<count {
            let client = try await TestClient.connected(port: harness.port)
            #expect(try await client.ask("Test/Handler_Join/1", #""room""#).contains("true"))
            members.append(client)
        }
        return members
    }

    @Test func aBurstDelaysNeitherPingsNorRequestsOfOthers() async throws {
        try await runRoom { harness, says in
            let members = try await members(30, harness)
            let bystander = try await TestClient.connected(port: harness.port)
            try await burst(members[0])
            // The first of its says is out, and all others wait.
            _ = try await members[1].push(on: "said")
            try await bystander.send(ByteBuffer(bytes: [0xc0, 0]))
            #expect(try await bystander.next().type == 13)
            #expect(says.value < Self.says / 2, "the ping waited for \(says.value) says")
            #expect(try await bystander.ask("Test/Handler_Echo/1", "7") == #"{"Error":"","Result":7}"#)
            #expect(says.value < Self.says / 2, "the request waited for \(says.value) says")
        }
    }

    @Test func whatABurstSaysArrivesInOrderAndOnce() async throws {
        try await runRoom { harness, says in
            let members = try await members(3, harness)
            try await burst(members[0])
            for number in 0..<Self.says { #expect(try await members[1].push(on: "said") == "\(number)") }
            #expect(says.value == Self.says)
            #expect(harness.gate.services.endings[.silent] == 0)
        }
    }

    @Test func whatWasSentBeforeTheEndIsDone() async throws {
        try await runRoom { harness, says in
            let members = try await members(10, harness)
            // No member: a socket that is closed with something unread is reset, and what it sent last is lost on the way.
            let speaker = try await TestClient.connected(port: harness.port)
            try await burst(speaker)
            _ = try await members[1].push(on: "said")
            try await speaker.close()
            for number in 1..<Self.says { #expect(try await members[1].push(on: "said") == "\(number)") }
            while harness.gate.services.statistics.open > 10 { try await Task.sleep(for: .milliseconds(2)) }
        }
    }

    @Test func whoIsNotReadIsNotSilent() async throws {
        try await GateHarness.run(settings: #""EventLoops": 1"#) { server in
            // A module that breaks its promise: the loop reads nothing meanwhile.
            try server.register("Handler_Block", options: .perSession.nonblocking) { (_: Session, _: Int) in
                usleep(2_200_000)
            }
        } _: { harness in
            let blocker = try await TestClient.connected(port: harness.port)
            let client = try await TestClient.connected(port: harness.port, keepAlive: 1)
            try await blocker.publish("Test/Handler_Block/1", "0")
            for _ in 0..<4 {
                try await client.send(ByteBuffer(bytes: [0xc0, 0]))
                try await Task.sleep(for: .milliseconds(500))
            }
            _ = try await blocker.push(on: "Test/Handler_Block/1")
            for _ in 0..<4 { #expect(try await client.next().type == 13) }
            #expect(harness.gate.services.endings[.silent] == 0)
        }
    }

    @Test func castsOfOneSessionLeaveRoomForOthers() async throws {
        let release = AsyncStream<Void>.makeStream()
        let running = Counter()
        try await GateHarness.run(mqtt: #""ReadPackLoop": 3"#) { server in
            try server.register("Handler_Slow", options: .concurrent) { (_: Session, _: Int) in
                running.add()
                for await _ in release.stream { break }
            }
            try server.register("Handler_Echo") { (_: Session, number: Int) in number }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            for _ in 0..<20 { try await client.publish("Test/Handler_Slow", "0") }
            // Answered behind them: they have all been read.
            try await client.send(ByteBuffer(bytes: [0xc0, 0]))
            #expect(try await client.next().type == 13)
            while running.value < 3 { try await Task.sleep(for: .milliseconds(2)) }
            let other = try await TestClient.connected(port: harness.port)
            #expect(try await other.ask("Test/Handler_Echo/1", "7") == #"{"Error":"","Result":7}"#)
            #expect(running.value == 3, "a window for those without a message id, too")
            release.continuation.finish()
            while running.value < 20 { try await Task.sleep(for: .milliseconds(2)) }
        }
    }
}

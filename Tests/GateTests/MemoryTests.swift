import Mqant
import MqantMQTTTestSupport
import NIOCore
import Synchronization
import Testing

@testable import MqantGate

/// What one client can make a Gate hold.
@Suite(.timeLimit(.minutes(3))) struct MemoryTests {
    private static let ping = ByteBuffer(bytes: [0xc0, 0])

    // MARK: Output

    @Test func whoAsksForMuchAndReadsLateGetsAllOfIt() async throws {
        let calls = Atomic(0)
        let answer = String(repeating: "x", count: 50_000)
        try await GateHarness.run { server in
            try server.register("Handler_Much", options: .perSession.nonblocking) { (_: Session, _: Int) in
                calls.add(1, ordering: .relaxed)
                return answer
            }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            try await client.setReading(false)
            let count = 1500
            var packets = ByteBuffer()
            for number in 0..<count {
                packets.writeImmutableBuffer(TestClient.publishPacket("Test/Handler_Much/\(number)", "0"))
            }
            try await client.send(packets)
            // Until the kernel takes no more: what does not fit there is not even asked for.
            var last = -1
            while last != calls.load(ordering: .relaxed) || last == 0 {
                last = calls.load(ordering: .relaxed)
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(last < count / 2)
            try await client.setReading(true)
            for number in 0..<count {
                let publish = try #require(try await client.next().publish)
                #expect(publish.topic == "Test/Handler_Much/\(number)")
            }
            #expect(harness.gate.services.statistics.stalled == 0)
        }
    }

    /// A frame of a client: masked with zeros.
    private func frame(_ opcode: UInt8, _ payload: ByteBuffer) -> ByteBuffer {
        ByteBuffer(bytes: [0x80 | opcode, 0x80 | UInt8(payload.readableBytes), 0, 0, 0, 0] + payload.readableBytesView)
    }

    private static let handshake = ByteBuffer(
        string: "GET /mqtt HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Protocol: mqtt\r\n\r\n")

    @Test func pongsForAClientThatDoesNotReadAreBounded() async throws {
        let sessions = AsyncStream<SessionID>.makeStream()
        try await GateHarness.run(
            settings: #""WSAddr": "127.0.0.1:0""#
        ) { server in
            try server.register("Handler_Who") { (session: Session, _: Int) in sessions.continuation.yield(session.id) }
        } _: { harness in
            let client = try await TestClient(port: harness.port)
            try await client.send(Self.handshake)
            try await client.send(frame(2, TestClient.connect(clientID: "")))
            try await client.send(frame(2, TestClient.publishPacket("Test/Handler_Who", "0")))
            let id = try #require(await sessions.stream.first { _ in true })
            let connection = try #require(harness.gate.services.sessions[id]?.connection)
            try await client.setReading(false)
            var pings = ByteBuffer()
            for _ in 0..<1000 { pings.writeImmutableBuffer(frame(9, ByteBuffer(repeating: 0x78, count: 125))) }
            // 33 MB: the kernel keeps 10 at most.
            for _ in 0..<250 { try await client.send(pings) }
            let buffered = try await connection.shard.eventLoop.submit {
                try connection.context?.channel.syncOptions?.getOption(.bufferedWritableBytes) ?? 0
            }.get()
            #expect(buffered < 1000, "one pong at most waits")
        }
    }

    // MARK: Requests

    @Test func bytesOfASessionsRequestsAreBounded() async throws {
        let release = AsyncStream<Void>.makeStream()
        try await GateHarness.run(settings: #""MaxMsgLen": 100000, "MaxWaitingBytes": 200000"#) { server in
            try server.register("Handler_Slow") { (_: Session, text: String) in
                for await _ in release.stream { break }
                return text.utf8.count
            }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            let text = String(repeating: "x", count: 60_000)
            for number in 0..<4 { try await client.publish("Test/Handler_Slow/\(number)", "\"\(text)\"") }
            #expect(try await client.push(on: "Test/Handler_Slow/3").contains("too many requests wait"))
            release.continuation.finish()
            for number in 0..<3 {
                #expect(try await client.push(on: "Test/Handler_Slow/\(number)") == #"{"Error":"","Result":60000}"#)
            }
            // What was answered has made room.
            #expect(try await client.ask("Test/Handler_Slow/4", "\"\(text)\"") == #"{"Error":"","Result":60000}"#)
        }
    }

    @Test func bytesOfAllSessionsRequestsAreBounded() async throws {
        let release = AsyncStream<Void>.makeStream()
        try await GateHarness.run(
            settings: #""MaxMsgLen": 100000, "RequestBufferLimit": 100000, "EventLoops": 1"#
        ) { server in
            try server.register("Handler_Slow") { (_: Session, text: String) in
                for await _ in release.stream { break }
                return text.utf8.count
            }
        } _: { harness in
            let text = "\"\(String(repeating: "x", count: 60_000))\""
            let one = try await TestClient.connected(port: harness.port)
            let other = try await TestClient.connected(port: harness.port)
            try await one.publish("Test/Handler_Slow/1", text)
            try await one.send(Self.ping)
            #expect(try await one.next().type == 13)
            #expect(try await other.ask("Test/Handler_Slow/1", text).contains("too many requests wait"))
            release.continuation.finish()
            _ = try await one.push(on: "Test/Handler_Slow/1")
            #expect(try await other.ask("Test/Handler_Slow/2", text) == #"{"Error":"","Result":60000}"#)
        }
    }

    // MARK: Input

    /// The beginning of a PUBLISH with a payload of `size` bytes.
    private func begun(_ size: Int, sent: Int) -> ByteBuffer {
        var packet = TestClient.publishPacket("Test/Handler_Echo/1", "\"\(String(repeating: "x", count: size - 2))\"")
        return packet.readSlice(length: sent) ?? packet
    }

    @Test func theSlowestOfUnfinishedPacketsIsCutOff() async throws {
        try await GateHarness.run(
            settings: #""MaxMsgLen": 1000000, "InputBufferLimit": 300000, "EventLoops": 1"#
        ) { server in
            try server.register("Handler_Echo") { (_: Session, text: String) in text.utf8.count }
        } _: { harness in
            let slow = try await TestClient.connected(port: harness.port)
            let quick = try await TestClient.connected(port: harness.port)
            try await slow.send(begun(400_000, sent: 100_000))
            let whole = begun(250_000, sent: .max)
            var rest = whole
            let beginning = rest.readSlice(length: 100_000)
            let first = try #require(beginning)
            while harness.gate.inputBound.taken == 0 { try await Task.sleep(for: .milliseconds(2)) }
            try await quick.send(first)
            try await quick.send(rest)
            #expect(try await quick.push(on: "Test/Handler_Echo/1") == #"{"Error":"","Result":249998}"#)
            await slow.closed()
            #expect(harness.gate.services.endings[.slow] == 1)
        }
    }

    @Test(arguments: [false, true]) func aPacketThatComesTooSlowlyEndsTheConnection(isWebSocket: Bool) async throws {
        let address = isWebSocket ? #", "WSAddr": "127.0.0.1:0""# : ""
        try await GateHarness.run(
            settings: #""MaxMsgLen": 100000, "HTTPTimeout": 3, "MinPacketSpeed": 1000000"# + address
        ) { harness in
            let client = try await TestClient(port: harness.port)
            let connect = TestClient.connect(clientID: "")
            if isWebSocket {
                try await client.send(Self.handshake)
                try await client.send(frame(2, connect))
                // The beginning of a frame of 60 000 bytes.
                let header: [UInt8] = [0x82, 0xfe, 0xea, 0x60, 0, 0, 0, 0]
                try await client.send(ByteBuffer(bytes: header + [UInt8](repeating: 0x30, count: 5000)))
            } else {
                try await client.send(connect)
                try await client.send(begun(90_000, sent: 5000))
            }
            await client.closed()
            #expect(harness.gate.services.endings[.slow] == 1)
        }
    }
}

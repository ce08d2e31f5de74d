import Mqant
import MqantMQTTTestSupport
import NIOCore
import Testing

@testable import MqantGate

/// What a connection does to others, and what bounds it, over real sockets.
@Suite(.timeLimit(.minutes(3))) struct ConnectionTests {
    @Test func aSlowHandlerDelaysNeitherPingsNorAcks() async throws {
        let release = AsyncStream<Void>.makeStream()
        try await GateHarness.run { server in
            try server.register("Handler_Slow") { (_: Session, _: Int) in
                for await _ in release.stream { break }
                return "done"
            }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            try await client.publish("Test/Handler_Slow/1", "0", qos: 1, id: 7)
            #expect(try await client.next().type == 4)
            try await client.send(ByteBuffer(bytes: [0xc0, 0]))
            #expect(try await client.next().type == 13)
            release.continuation.finish()
            #expect(try await client.push(on: "Test/Handler_Slow/1") == #"{"Error":"","Result":"done"}"#)
        }
    }

    @Test func requestsOfOneSessionAreServedInOrder() async throws {
        try await GateHarness.run { server in
            try server.register("Handler_Echo") { (_: Session, number: Int) in
                await Task.yield()
                return number
            }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            for number in 0..<200 { try await client.publish("Test/Handler_Echo/\(number)", "\(number)") }
            for number in 0..<200 {
                let publish = try #require(try await client.next(ofType: 3).publish)
                #expect(publish.topic == "Test/Handler_Echo/\(number)")
            }
        }
    }

    @Test func tooManyRequestsAreRefusedAtOnce() async throws {
        let release = AsyncStream<Void>.makeStream()
        try await GateHarness.run(settings: #""MaxWaitingRequests": 3"#, mqtt: #""ReadPackLoop": 2"#) { server in
            try server.register("Handler_Slow") { (_: Session, _: Int) in for await _ in release.stream { break } }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            for number in 0..<6 { try await client.publish("Test/Handler_Slow/\(number)", "0") }
            // Two are with the module, three wait, and one is too many.
            #expect(try await client.push(on: "Test/Handler_Slow/5").contains("too many requests wait"))
            release.continuation.finish()
            #expect(try await client.push(on: "Test/Handler_Slow/4") == #"{"Error":"","Result":null}"#)
        }
    }

    @Test func aReaderThatStallsIsCutOffAndCostsNobody() async throws {
        try await GateHarness.run(settings: #""WriteBufferLimit": 65536"#) { server in
            try server.register("Handler_Join") { (session: Session, group: String) in
                try await session.join(GroupName(group))
            }
        } _: { harness in
            let stalled = try await TestClient.connected(port: harness.port)
            let reader = try await TestClient.connected(port: harness.port)
            for client in [stalled, reader] {
                #expect(try await client.ask("Test/Handler_Join/1", #""g""#).contains("true"))
            }
            try await stalled.setReading(false)
            var pushes = 0
            // Until the kernel's buffers and the configured limit are full.
            while harness.gate.services.statistics.stalled == 0, pushes < 10_000 {
                let body = ByteBuffer(repeating: 0x78, count: 16_384)
                #expect(
                    try await harness.node.pushConfirmed(GroupPush(group: "g", topic: "t", qos: 0, body: body))
                        == .routed)
                pushes += 1
                #expect(try await reader.push(on: "t").utf8.count == 16_384)
            }
            #expect(harness.gate.services.statistics.stalled == 1)
            #expect(try await harness.soonOpen(1))
            #expect(try await reader.ask("Test/Handler_Join/2", #""h""#).contains("true"))
        }
    }

    @Test func aClientIDTakesOverItsOlderConnection() async throws {
        try await GateHarness.run { harness in
            let older = try await TestClient.connected(port: harness.port, clientID: "one")
            let newer = try await TestClient.connected(port: harness.port, clientID: "one")
            await older.closed()
            try await newer.send(ByteBuffer(bytes: [0xc0, 0]))
            #expect(try await newer.next().type == 13)
            #expect(harness.gate.services.sessions.count == 1)
        }
    }

    @Test func connectionsBeyondTheLimitAreClosed() async throws {
        try await GateHarness.run(settings: #""MaxConnNum": 2"#) { harness in
            let one = try await TestClient.connected(port: harness.port)
            let two = try await TestClient.connected(port: harness.port)
            let three = try await TestClient(port: harness.port)
            await three.closed()
            for client in [one, two] {
                try await client.send(ByteBuffer(bytes: [0xc0, 0]))
                #expect(try await client.next().type == 13)
            }
            #expect(harness.gate.services.statistics.connections.turnedAway == 1)
            try await one.send(ByteBuffer(bytes: [0xe0, 0]))
            await one.closed()
            #expect(try await harness.soonOpen(1))
            _ = try await TestClient.connected(port: harness.port)
        }
    }

    @Test func aCrowdOfNewcomersIsClosedToTheLast() async throws {
        // More than may have an open socket at a time: accepting stops, and goes on.
        try await GateHarness.run(settings: #""MaxConnNum": 1"#) { harness in
            let one = try await TestClient.connected(port: harness.port)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask { await (try TestClient(port: harness.port)).closed() }
                }
                try await group.waitForAll()
            }
            #expect(harness.gate.services.statistics.connections.turnedAway == 50)
            try await one.send(ByteBuffer(bytes: [0xc0, 0]))
            #expect(try await one.next().type == 13)
        }
    }

    @Test func whoSaysNoConnectIsClosed() async throws {
        try await GateHarness.run(settings: #""HTTPTimeout": 0.3"#) { harness in
            let client = try await TestClient(port: harness.port)
            await client.closed()
        }
    }

    @Test func whoIsSilentForTooLongIsClosed() async throws {
        try await GateHarness.run { harness in
            let client = try await TestClient.connected(port: harness.port, keepAlive: 1)
            await client.closed()
            #expect(harness.gate.services.sessions.count == 0)
        }
    }

    @Test func closedConnectionsLeaveNothingBehind() async throws {
        try await GateHarness.run { server in
            try server.register("Handler_Join") { (session: Session, group: String) in
                try await session.join(GroupName(group))
            }
        } _: { harness in
            for number in 0..<20 {
                let client = try await TestClient.connected(port: harness.port, clientID: "c\(number)")
                #expect(try await client.ask("Test/Handler_Join/1", #""g\#(number)""#).contains("true"))
                // The server closes in answer, so its side is done when the client sees the end.
                try await client.send(ByteBuffer(bytes: [0xe0, 0]))
                await client.closed()
            }
            #expect(try await harness.soonOpen(0))
            #expect(harness.gate.services.sessions.count == 0)
            #expect(harness.gate.groups.count == 0)
        }
    }
}

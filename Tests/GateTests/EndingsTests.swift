import Logging
import Mqant
import MqantMQTTTestSupport
import NIOCore
import Synchronization
import Testing

@testable import MqantGate

/// Why connections ended: in the log, and counted.
@Suite(.timeLimit(.minutes(3))) struct EndingsTests {
    private final class Lines: Sendable {
        typealias Line = (level: Logger.Level, metadata: Logger.Metadata)

        private let state = Mutex<[Line]>([])
        var all: [Line] { state.withLock { $0 } }
        func append(_ line: Line) { state.withLock { $0.append(line) } }
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { lines.append((event.level, event.metadata ?? [:])) }
    }

    @Test func aLineSaysWhoAndWhyAndLinesAreFew() throws {
        let lines = Lines()
        let endings = Endings(logger: Logger(label: "test") { _ in Handler(lines: lines) })
        let address = try SocketAddress(ipAddress: "::1", port: 4711)
        let origin = ClientOrigin(address: address, framing: .stream, isEncrypted: false)
        for _ in 0..<1000 {
            endings.ended(.takenOver, origin: origin, clientID: "one", userID: "joe", session: SessionID())
        }
        endings.ended(.silent, origin: origin, clientID: "two", userID: "", session: SessionID())
        #expect(endings[.takenOver] == 1000)
        #expect(endings[.silent] == 1)
        let takenOver = lines.all.filter { "\($0.metadata["client"] ?? "")" == "one" }
        // A busy machine may need some seconds for them.
        #expect((1...50).contains(takenOver.count))
        #expect(lines.all.count == takenOver.count + 1, "another reason has lines of its own")
        let line = try #require(takenOver.first)
        #expect(line.level == .info)
        #expect(line.metadata["reason"] == "another connection has the client id now")
        #expect(line.metadata["address"] == "[::1]:4711")
        #expect(line.metadata["user"] == "joe")
    }

    @Test func aGateCountsThem() async throws {
        try await GateHarness.run(settings: #""HTTPTimeout": 3"#) { harness in
            let older = try await TestClient.connected(port: harness.port, clientID: "one")
            let newer = try await TestClient.connected(port: harness.port, clientID: "one")
            await older.closed()
            #expect(harness.gate.services.endings[.takenOver] == 1)
            try await newer.send(ByteBuffer(bytes: [0xe0, 0]))
            await newer.closed()
            #expect(harness.gate.services.endings[.disconnected] == 1)
            let mute = try await TestClient(port: harness.port)
            await mute.closed()
            #expect(harness.gate.services.endings[.noConnect] == 1)
        }
    }
}

import Mqant
import MqantMQTTTestSupport
import NIOCore
import Testing

@testable import MqantGate

/// What may happen while held acknowledgements leave.
@Suite(.timeLimit(.minutes(3))) struct HeldOutputTests {
    /// A socket that reads when it is written to, once: as NIO's do when a write fails, for there may be something left.
    private final class ReadingOnWrite: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        private var input: ByteBuffer?

        init(_ input: ByteBuffer) { self.input = input }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            context.write(data, promise: promise)
            guard let input else { return }
            self.input = nil
            context.fireChannelRead(NIOAny(input))
            context.fireChannelReadComplete()
        }
    }

    @Test func aRequestMayBeReadWhileAnAcknowledgementIsWritten() async throws {
        let sessions = AsyncStream<SessionID>.makeStream()
        let release = AsyncStream<Void>.makeStream()
        try await GateHarness.run { server in
            try server.register("Handler_Slow") { (session: Session, number: Int) in
                sessions.continuation.yield(session.id)
                for await _ in release.stream { break }
                return number
            }
        } _: { harness in
            let client = try await TestClient.connected(port: harness.port)
            try await client.publish("Test/Handler_Slow/1", "1", qos: 1, id: 1)
            #expect(try await client.next().body == ByteBuffer(integer: UInt16(1)))
            let id = try #require(await sessions.stream.first { _ in true })
            let connection = try #require(harness.gate.services.sessions[id]?.connection)
            try await connection.shard.eventLoop.submit {
                let reader = ReadingOnWrite(TestClient.publishPacket("Test/Handler_Slow/3", "3", qos: 1, id: 3))
                try connection.context?.pipeline.syncOperations.addHandler(reader, position: .first)
            }.get()
            try await client.publish("Test/Handler_Slow/2", "2", qos: 1, id: 2)
            for id: UInt16 in 2...3 { #expect(try await client.next().body == ByteBuffer(integer: id)) }
            release.continuation.finish()
            for id in 1...3 { #expect(try await client.next().publish?.topic == "Test/Handler_Slow/\(id)") }
        }
    }
}

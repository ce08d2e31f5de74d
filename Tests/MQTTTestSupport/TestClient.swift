package import NIOCore
import NIOPosix

/// An MQTT client over a real socket that sees every byte: packets go out as they are given, and come in as they come.
package struct TestClient: Sendable {
    /// A packet of the server's.
    package struct Received: Sendable, Equatable {
        package var type: UInt8
        package var flags: UInt8
        package var body: ByteBuffer
        /// Which read of the socket brought its last byte, counted from 1.
        package var read: Int

        /// Topic, packet id and payload of a PUBLISH, the latter as text and as it is.
        package var publish: (topic: String, id: UInt16?, payload: String, bytes: ByteBuffer)? {
            guard type == 3 else { return nil }
            var body = body
            guard let length = body.readInteger(as: UInt16.self), let topic = body.readString(length: Int(length))
            else {
                return nil
            }
            let id = (flags >> 1) & 3 == 0 ? nil : body.readInteger(as: UInt16.self)
            return (topic, id, String(buffer: body), body.slice())
        }
    }

    /// What the connection's end throws.
    package struct Closed: Error {}

    private let channel: any Channel
    private let packets: AsyncStream<Received>
    private let handler: Handler

    package init(port: Int) async throws {
        let (stream, continuation) = AsyncStream<Received>.makeStream()
        let handler = Handler(continuation)
        self.handler = handler
        packets = stream
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler) }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    /// Connects and says CONNECT.
    package static func connected(port: Int, clientID: String = "", keepAlive: UInt16 = 60) async throws -> TestClient {
        let client = try await TestClient(port: port)
        try await client.send(connect(clientID: clientID, keepAlive: keepAlive))
        _ = try await client.next(ofType: 2)
        return client
    }

    package func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes) }

    package func publish(_ topic: String, _ payload: String, qos: UInt8 = 0, id: UInt16 = 1) async throws {
        try await send(Self.publishPacket(topic, payload, qos: qos, id: id))
    }

    /// The next packet. Waits for it; the suite's time limit bounds that.
    package func next() async throws -> Received {
        for await packet in packets { return packet }
        throw Closed()
    }

    package func next(ofType type: UInt8) async throws -> Received {
        while true {
            let packet = try await next()
            if packet.type == type { return packet }
        }
    }

    /// The next PUBLISH on a topic; other packets are passed over.
    package func push(on topic: String) async throws -> String {
        while true {
            if let publish = try await next().publish, publish.topic == topic { return publish.payload }
        }
    }

    /// Sends a request and awaits its reply.
    package func ask(_ topic: String, _ payload: String) async throws -> String {
        try await publish(topic, payload)
        return try await push(on: topic)
    }

    /// Returns once the server has closed the connection.
    package func closed() async { for await _ in packets {} }

    package func close() async throws { try await channel.close() }

    /// Stops or resumes taking bytes from the socket.
    package func setReading(_ reading: Bool) async throws {
        try await channel.setOption(.autoRead, value: reading).get()
    }

    package static func connect(clientID: String, keepAlive: UInt16 = 60) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeLengthPrefixedText("MQTT")
        body.writeBytes([4, 2])
        body.writeInteger(keepAlive)
        body.writeLengthPrefixedText(clientID)
        return packet(0x10, body)
    }

    package static func publishPacket(
        _ topic: String, _ payload: String, qos: UInt8 = 0, id: UInt16 = 1
    ) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeLengthPrefixedText(topic)
        if qos > 0 { body.writeInteger(id) }
        body.writeString(payload)
        return packet(0x30 | qos << 1, body)
    }

    package static func packet(_ first: UInt8, _ body: ByteBuffer) -> ByteBuffer {
        var packet = ByteBuffer()
        packet.writeInteger(first)
        var length = body.readableBytes
        repeat {
            packet.writeInteger(UInt8(length & 0x7f) | (length > 0x7f ? 0x80 : 0))
            length >>= 7
        } while length > 0
        packet.writeImmutableBuffer(body)
        return packet
    }

    /// Takes packets apart. On its event loop only.
    private final class Handler: ChannelInboundHandler, @unchecked Sendable {
        typealias InboundIn = ByteBuffer

        private let continuation: AsyncStream<Received>.Continuation
        private var input = ByteBuffer()
        private var reads = 0

        init(_ continuation: AsyncStream<Received>.Continuation) { self.continuation = continuation }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            reads += 1
            input.writeImmutableBuffer(unwrapInboundIn(data))
            while let packet = nextPacket() { continuation.yield(packet) }
        }

        func channelInactive(context: ChannelHandlerContext) { continuation.finish() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func nextPacket() -> Received? {
            var rest = input
            guard let first = rest.readInteger(as: UInt8.self) else { return nil }
            var length = 0
            for shift in stride(from: 0, to: 28, by: 7) {
                guard let byte = rest.readInteger(as: UInt8.self) else { return nil }
                length |= Int(byte & 0x7f) << shift
                if byte < 0x80 { break }
            }
            guard let body = rest.readSlice(length: length) else { return nil }
            input = rest
            return Received(type: first >> 4, flags: first & 0xf, body: body, read: reads)
        }
    }
}

extension ByteBuffer {
    /// A text with its length before it (MQTT 3.1.1 §1.5.3).
    package mutating func writeLengthPrefixedText(_ text: String) {
        writeInteger(UInt16(text.utf8.count))
        writeString(text)
    }
}

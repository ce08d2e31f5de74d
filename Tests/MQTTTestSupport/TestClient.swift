package import MqantTesting
package import NIOCore
import NIOPosix

/// An MQTT client over a real socket that sees every byte: packets go out as they are given, and come in as they come.
package struct TestClient: Sendable {
    /// A packet of the server's.
    package struct Received: Sendable, Equatable {
        package var packet: ServerPacket
        /// Which read of the socket brought its last byte, counted from 1.
        package var read: Int

        package var type: UInt8 { packet.type }
        package var flags: UInt8 { packet.flags }
        package var body: ByteBuffer { packet.body }

        /// Topic, packet id and payload of a PUBLISH, the latter as text and as it is.
        package var publish: (topic: String, id: UInt16?, payload: String, bytes: ByteBuffer)? {
            packet.publish.map { ($0.topic, $0.id, String(buffer: $0.payload), $0.payload) }
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
    package static func connected(port: Int, clientID: String = "", keepAlive: UInt16 = 0) async throws -> TestClient {
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

    package static func connect(clientID: String, keepAlive: UInt16 = 0) -> ByteBuffer {
        ClientPacket.connect(clientID: clientID, keepAlive: keepAlive)
    }

    package static func publishPacket(
        _ topic: String, _ payload: String, qos: UInt8 = 0, id: UInt16 = 1
    ) -> ByteBuffer {
        ClientPacket.publish(topic, ByteBuffer(string: payload), qos: qos, id: id)
    }

    package static func packet(_ first: UInt8, _ body: ByteBuffer) -> ByteBuffer { ClientPacket.packet(first, body) }

    /// Takes packets apart. On its event loop only.
    private final class Handler: ChannelInboundHandler, @unchecked Sendable {
        typealias InboundIn = ByteBuffer

        private let continuation: AsyncStream<Received>.Continuation
        private var packets = ServerPacketReader()
        private var reads = 0

        init(_ continuation: AsyncStream<Received>.Continuation) { self.continuation = continuation }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            reads += 1
            packets.append(unwrapInboundIn(data))
            while let packet = packets.next() { continuation.yield(Received(packet: packet, read: reads)) }
        }

        func channelInactive(context: ChannelHandlerContext) { continuation.finish() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

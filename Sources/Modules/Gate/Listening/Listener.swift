import Glibc
import Mqant
import NIOCore
import NIOPosix

/// Listens for clients, and gives each connection its pipeline.
struct Listener {
    let services: GateServices
    let shards: [Shard]
    let group: MultiThreadedEventLoopGroup
    let tls: TLSContext?
    /// Is told each port that is listened on.
    let ports: AsyncStream<Int>.Continuation

    /// - Throws: `ListenError` if the address cannot be listened on.
    func listen(_ address: ListenAddress, framing: Framing) async throws -> any Channel {
        let channel = try await address.listen(
            group, limit: services.statistics.connections, logger: services.context.logger
        ) { bootstrap, socketAddress in
            try await bootstrap
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.writeBufferWaterMark, value: waterMark)
                // One read of a connection, then the others': what it brings is its share of a turn.
                .childChannelOption(.maxMessagesPerRead, value: 1)
                .childChannelOption(
                    .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 256, initial: 512, maximum: 65_536)
                )
                .childChannelInitializer { [self] channel in
                    channel.eventLoop.makeCompletedFuture { try addHandlers(to: channel, framing: framing) }
                }
                .bind(to: socketAddress).get()
        }
        let actual = channel.localAddress?.port ?? address.port
        ports.yield(actual)
        ListeningPorts.observer?(services.context.instance, actual)
        services.context.logger.info(
            framing == .stream ? "TCP Listen : \(address.host):\(actual)" : "WS Listen : \(address.host):\(actual)",
            metadata: tls == nil ? nil : ["tls": "on"])
        return channel
    }

    /// Serves the client at the other end of a socket that is connected already, as one that came in by an address. The socket
    /// is closed at once if there is no place.
    func accept(_ socket: NIOBSDSocket.Handle) async throws {
        let limit = services.statistics.connections
        guard limit.admit() else {
            close(socket)
            return
        }
        let channel = try await ClientBootstrap(group: group.next())
            .channelOption(.writeBufferWaterMark, value: waterMark)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try addHandlers(to: channel, framing: .stream) }
            }
            .withConnectedSocket(socket).get()
        channel.closeFuture.whenComplete { _ in limit.release() }
    }

    /// From here on the client's own requests wait. What others send it may be more, up to `WriteBufferLimit`.
    private var waterMark: ChannelOptions.Types.WriteBufferWaterMark {
        let high = min(services.settings.writeBufferLimit, 65_536)
        return .init(low: high / 2, high: high)
    }

    private func addHandlers(to channel: any Channel, framing: Framing) throws {
        guard let shard = shards.of(channel.eventLoop) else { return channel.close(promise: nil) }
        let pipeline = channel.pipeline.syncOperations
        if let tls { try pipeline.addHandler(tls.makeHandler()) }
        let connection = ClientConnection(services: services, shard: shard, framing: framing)
        switch framing {
        case .stream: try pipeline.addHandler(connection)
        case .webSocket: try WebSocketHandshake.addHandlers(to: channel, connection: connection)
        }
    }
}

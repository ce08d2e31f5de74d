import Glibc
import Mqant
import NIOCore
import NIOPosix

/// How MQTT's bytes lie on a connection.
enum Framing: Sendable {
    /// As they are (MQTT 3.1.1 §4.2).
    case stream
    /// In binary WebSocket frames (MQTT 3.1.1 §6).
    case webSocket
}

/// Listens for clients, and gives each connection its pipeline.
struct Listener {
    let gate: GateState
    let group: MultiThreadedEventLoopGroup
    let tls: TLSContext?

    /// - Throws: `ListenError` if the address cannot be listened on.
    func listen(_ address: ListenAddress, framing: Framing) async throws -> any Channel {
        let limit = gate.configuration.writeBufferLimit
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: limit / 2, high: limit))
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 256, initial: 512, maximum: 65_536)
            )
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try addHandlers(to: channel, framing: framing) }
            }
        let channel: any Channel
        do {
            channel = try await bind(bootstrap, address)
        } catch {
            throw ListenError(address: address, underlyingError: error)
        }
        let actual = channel.localAddress?.port ?? address.port
        gate.ports.continuation.yield(actual)
        gate.logger.info(
            framing == .stream ? "TCP Listen : \(address.host):\(actual)" : "WS Listen : \(address.host):\(actual)",
            metadata: tls == nil ? nil : ["tls": "on"])
        return channel
    }

    /// Without a host, every address of the machine: IPv6's any takes IPv4 too, where there is IPv6.
    private func bind(_ bootstrap: ServerBootstrap, _ address: ListenAddress) async throws -> any Channel {
        guard address.host.isEmpty else {
            return try await bootstrap.bind(host: address.host, port: address.port).get()
        }
        do {
            return try await bootstrap.bind(host: "::", port: address.port).get()
        } catch let error as IOError where error.errnoCode == EAFNOSUPPORT || error.errnoCode == EADDRNOTAVAIL {
            return try await bootstrap.bind(host: "0.0.0.0", port: address.port).get()
        }
    }

    private func addHandlers(to channel: any Channel, framing: Framing) throws {
        guard let shard = gate.shard(of: channel.eventLoop),
            let permit = gate.statistics.admit(limit: gate.configuration.maximumConnections)
        else { return channel.close(promise: nil) }
        let pipeline = channel.pipeline.syncOperations
        if let tls { try pipeline.addHandler(tls.makeHandler()) }
        let connection = ClientConnection(gate: gate, shard: shard, permit: permit)
        switch framing {
        case .stream: try pipeline.addHandler(connection)
        case .webSocket: try WebSocketHandshake.addHandlers(to: channel, connection: connection, permit: permit)
        }
    }
}

/// An address that cannot be listened on.
struct ListenError: Error, CustomStringConvertible {
    let address: ListenAddress
    let underlyingError: any Error

    var description: String {
        if let error = underlyingError as? IOError {
            return "cannot listen on \(address): \(String(cString: strerror(error.errnoCode)))"
        }
        return "cannot listen on \(address): \(underlyingError)"
    }
}

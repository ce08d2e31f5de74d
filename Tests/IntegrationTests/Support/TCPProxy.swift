import NIOCore
import NIOPosix
import Synchronization

/// Stands between a node and a broker, as a network does: it can refuse connections, break those that are there, or let
/// them fall silent while the broker still believes in them.
final class TCPProxy: Sendable {
    private struct State {
        var links: [ProxyLink] = []
        var isRefusing = false
        var accepted = 0
    }

    private let target: UInt16
    private let state = Mutex(State())
    private let listener = Mutex<(any Channel)?>(nil)

    private init(to target: UInt16) { self.target = target }

    static func start(to target: UInt16) async throws -> TCPProxy {
        let proxy = TCPProxy(to: target)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { proxy.accept($0) }
            .bind(host: "127.0.0.1", port: 0).get()
        proxy.listener.withLock { $0 = listener }
        return proxy
    }

    var port: Int { listener.withLock { $0?.localAddress?.port } ?? 0 }

    /// Connections that came, refused ones included.
    var accepted: Int { state.withLock { $0.accepted } }

    /// Connections that were let through and have not ended.
    var open: Int { state.withLock { $0.links.count { $0.isOpen } } }

    /// From now on, connections are closed as soon as they come.
    func refuse(_ isRefusing: Bool = true) { state.withLock { $0.isRefusing = isRefusing } }

    /// Nothing goes through the connections that are there any more, either way; the broker gets heartbeats all the same.
    /// New ones are not affected.
    func silence() {
        for link in state.withLock({ $0.links }) { link.silence() }
    }

    /// Ends the connections that are there, silenced ones among them.
    func cut() {
        for link in state.withLock({ $0.links }) { link.close() }
    }

    /// The broker learns that the silenced connections are gone.
    func cutSilenced() {
        for link in state.withLock({ $0.links }) where link.isSilent { link.close() }
    }

    func close() async {
        refuse()
        cut()
        try? await listener.withLock { $0 }?.close()
    }

    private func accept(_ client: any Channel) -> EventLoopFuture<Void> {
        let isRefusing = state.withLock { state in
            state.accepted += 1
            return state.isRefusing
        }
        guard !isRefusing else { return client.close() }
        return ClientBootstrap(group: client.eventLoop).connect(host: "127.0.0.1", port: Int(target))
            .flatMapThrowing { [self] broker in
                let link = ProxyLink(client: client, broker: broker)
                try client.pipeline.syncOperations.addHandler(Forwarder(to: broker, link))
                try broker.pipeline.syncOperations.addHandler(Forwarder(to: client, link))
                state.withLock { $0.links.append(link) }
            }
    }
}

/// One connection through the proxy.
final class ProxyLink: Sendable {
    /// frame-end behind an empty heartbeat frame, AMQP 0-9-1 §4.2.7.
    private static let heartbeat: [UInt8] = [8, 0, 0, 0, 0, 0, 0, 0xce]

    private let client: any Channel
    private let broker: any Channel
    private let silent = Atomic(false)

    init(client: any Channel, broker: any Channel) { (self.client, self.broker) = (client, broker) }

    var isSilent: Bool { silent.load(ordering: .relaxed) }
    var isOpen: Bool { broker.isActive }

    func silence() {
        silent.store(true, ordering: .relaxed)
        broker.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(300)) { [broker] task in
            guard broker.isActive else { return task.cancel() }
            broker.writeAndFlush(ByteBuffer(bytes: Self.heartbeat), promise: nil)
        }
    }

    func close() {
        client.close(promise: nil)
        broker.close(promise: nil)
    }
}

/// Hands what one side sends to the other.
private final class Forwarder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let link: ProxyLink

    init(to other: any Channel, _ link: ProxyLink) { (self.other, self.link) = (other, link) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !link.isSilent { other.writeAndFlush(unwrapInboundIn(data), promise: nil) }
    }

    /// Of a silenced connection's end the other side learns nothing.
    func channelInactive(context: ChannelHandlerContext) {
        if !link.isSilent { other.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

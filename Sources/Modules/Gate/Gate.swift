import Logging
public import Mqant
package import NIOCore
import NIOPosix
import ServiceLifecycle

/// The module that players connect to: MQTT in, calls to other modules out, and pushes the other way.
///
/// A client's PUBLISH to `serverType/handler[/msgid]` becomes a call of that function with the session and the payload;
/// the reply goes out on the request's own topic. Pushes go to topics that a client never subscribed to.
public struct Gate: Module {
    /// `Gate`.
    public static let type: ModuleType = "Gate"

    let services: GateServices
    let shards: [Shard]
    let groups: GroupDirectory
    let functions: SessionFunctions
    /// Bytes of all clients' input that is not taken in yet.
    let inputBound: ByteBound
    /// The ports that are listened on, as they are bound: where the configuration says 0, the system chose.
    let ports = AsyncStream<Int>.makeStream()
    private let pushes: PushReceiver
    private let presences: PresenceWatch
    private let group: MultiThreadedEventLoopGroup
    private let tls: TLSContext?

    /// Makes the instance, and reads its certificate. It does not listen yet.
    ///
    /// - Throws: what is wrong with the TLS files.
    public init(settings: GateSettings, context: ModuleContext) async throws {
        tls = try settings.tls.map(TLSContext.init)
        services = GateServices(settings: settings, context: context)
        let turnEnds = TurnEnds()
        group = MultiThreadedEventLoopGroup(numberOfThreads: settings.eventLoops, metricsDelegate: turnEnds)
        let inputBound = ByteBound(limit: settings.inputBufferLimit)
        let requestBound = ByteBound(limit: settings.requestBufferLimit)
        shards = group.makeIterator().map { eventLoop in
            Shard(
                eventLoop: eventLoop, loops: settings.eventLoops, context: context, inputBound: inputBound,
                requestBound: requestBound)
        }
        self.inputBound = inputBound
        turnEnds.begin(shards.map { ($0.eventLoop, $0.loopTurn) })
        groups = GroupDirectory(node: context.node, gate: context.instance)
        functions = SessionFunctions(services: services, shards: shards, groups: groups)
        pushes = PushReceiver(context: context, inbox: PushInbox(shards: shards))
        presences = PresenceWatch(shards: shards)
    }

    /// Registers what sessions ask their Gate for, and what `mqantserver status` reports.
    public func register(on server: RPCServer) throws {
        try functions.register(on: server)
        server.receivePushes { [pushes] push in
            pushes.receive(push)
        } superseded: { [functions] session, group in
            functions.superseded(session, in: group)
        }
        try server.report("sessions") { [services] in services.sessions.count }
        try server.report("stalled") { [services] in services.statistics.stalled }
        try server.report("refused") { [services] in services.statistics.refused }
        try server.report("turned away") { [services] in services.statistics.connections.turnedAway }
        for kind in CloseReason.Kind.allCases {
            try server.report("ended.\(kind.rawValue)") { [services] in services.endings[kind] }
        }
    }

    /// The threads that serve connections.
    package var eventLoops: [any EventLoop] { shards.map(\.eventLoop) }

    private var listener: Listener {
        Listener(services: services, shards: shards, group: group, tls: tls, ports: ports.continuation)
    }

    /// Serves a client of this very process over one end of a pair of connected sockets. Everything but the way in is as for
    /// a client that came by TCP. The socket belongs to the Gate from here on.
    package func accept(_ socket: NIOBSDSocket.Handle) async throws { try await listener.accept(socket) }

    /// Listens, and serves clients until the node shuts down.
    public func run() async throws {
        presences.begin(services.context.node)
        var channels: [any Channel] = []
        do {
            if let address = services.settings.webSocketAddress {
                channels.append(try await listener.listen(address, framing: .webSocket))
            }
            if let address = services.settings.tcpAddress {
                channels.append(try await listener.listen(address, framing: .stream))
            }
            try await gracefulShutdown()
        } catch {
            for channel in channels { try? await channel.close() }
            throw error
        }
        for channel in channels { try? await channel.close() }
        await finishConnections(within: .seconds(3))
    }

    /// Ends all connections in good order: what clients have asked is answered, what they ask now is not read any more, so
    /// that it is not done either, and each connection ends with its last answer.
    ///
    /// While the Gate's queues are still there: so nobody is connected and deaf.
    /// - Parameter bound: how long modules may take to answer; what takes longer ends with `Shard.closeAll`.
    func finishConnections(within bound: Duration) async {
        groups.close()
        let deadline = ContinuousClock.now + bound
        for shard in shards { try? await shard.eventLoop.submit { shard.finishAll() }.get() }
        while ContinuousClock.now < deadline {
            var left = 0
            for shard in shards { left += (try? await shard.eventLoop.submit { shard.count }.get()) ?? 0 }
            if left == 0 { return }
            // Polled: this happens once in a process's life, and counting at every end would not be free.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Ends the connections that are left, and the event loops.
    public func shutdown() async {
        presences.end()
        for shard in shards { try? await shard.eventLoop.submit { shard.closeAll() }.get() }
        try? await group.shutdownGracefully()
    }
}

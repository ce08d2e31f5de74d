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

    let state: GateState
    private let group: MultiThreadedEventLoopGroup
    private let tls: TLSContext?

    /// Makes the instance, and reads its certificate. It does not listen yet.
    ///
    /// - Throws: what is wrong with the TLS files.
    public init(settings: GateSettings, context: ModuleContext) async throws {
        tls = try settings.tls.map(TLSContext.init)
        let turnEnds = TurnEnds()
        group = MultiThreadedEventLoopGroup(numberOfThreads: settings.eventLoops, metricsDelegate: turnEnds)
        state = GateState(
            configuration: settings, context: context, eventLoops: Array(group.makeIterator()))
        turnEnds.begin(state.shards)
    }

    /// Registers what sessions ask their Gate for, and what `mqantserver status` reports.
    public func register(on server: RPCServer) throws {
        try registerFunctions(on: server)
        server.receivePushes {
            [state] push in
            state.receive(push)
        } superseded: { [state] session, group in
            state.superseded(session, in: group)
        }
        try server.report("sessions") { [state] in state.sessions.count }
        try server.report("stalled") { [state] in state.statistics.stalled }
        try server.report("refused") { [state] in state.statistics.refused }
        try server.report("turned away") { [state] in state.statistics.connections.turnedAway }
        for kind in CloseReason.Kind.allCases {
            try server.report("ended.\(kind.rawValue)") { [state] in state.endings[kind] }
        }
    }

    /// The threads that serve connections.
    package var eventLoops: [any EventLoop] { state.shards.map(\.eventLoop) }

    private var listener: Listener { Listener(gate: state, group: group, tls: tls) }

    /// Serves a client of this very process over one end of a pair of connected sockets. Everything but the way in is as for
    /// a client that came by TCP. The socket belongs to the Gate from here on.
    package func accept(_ socket: NIOBSDSocket.Handle) async throws { try await listener.accept(socket) }

    /// Listens, and serves clients until the node shuts down.
    public func run() async throws {
        state.watchCluster()
        var channels: [any Channel] = []
        do {
            if let address = state.configuration.webSocketAddress {
                channels.append(try await listener.listen(address, framing: .webSocket))
            }
            if let address = state.configuration.tcpAddress {
                channels.append(try await listener.listen(address, framing: .stream))
            }
            try await gracefulShutdown()
        } catch {
            for channel in channels { try? await channel.close() }
            throw error
        }
        for channel in channels { try? await channel.close() }
        await state.finishConnections(within: .seconds(3))
    }

    /// Ends the connections that are left, and the event loops.
    public func shutdown() async {
        state.endWatching()
        for shard in state.shards { try? await shard.eventLoop.submit { shard.closeAll() }.get() }
        try? await group.shutdownGracefully()
    }
}

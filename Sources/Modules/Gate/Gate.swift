import Logging
public import Mqant
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The module that players connect to: MQTT in, calls to other modules out, and pushes the other way.
///
/// A client's PUBLISH to `serverType/handler[/msgid]` becomes a call of that function with the session and the payload;
/// the reply goes out on the request's own topic. Pushes go to topics that a client never subscribed to.
public struct Gate: Module {
    public static let type: ModuleType = "Gate"

    let state: GateState
    private let group: MultiThreadedEventLoopGroup
    private let tls: TLSContext?

    public static let settingsCheck: ServerConfiguration.SettingsCheck? = { _ = GateConfiguration(reading: &$0) }

    /// - Throws: `ConfigurationError`, or what is wrong with the TLS files.
    public init(context: ModuleContext) async throws {
        let configuration = try context.settings.read { GateConfiguration(reading: &$0) }
        tls = try configuration.tls.map(TLSContext.init)
        group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
        state = GateState(
            configuration: configuration, context: context, eventLoops: Array(group.makeIterator()))
    }

    public func register(on server: RPCServer) {
        registerFunctions(on: server)
        server.receivePushes { [state] push in state.receive(push) }
        server.report("sessions") { [state] in state.sessions.count }
        server.report("stalled") { [state] in state.statistics.stalled }
        server.report("refused") { [state] in state.statistics.refused }
    }

    public func run() async throws {
        state.watchCluster()
        let listener = Listener(gate: state, group: group, tls: tls)
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

    public func shutdown() async {
        state.endWatching()
        for shard in state.shards { try? await shard.eventLoop.submit { shard.closeAll() }.get() }
        try? await group.shutdownGracefully()
    }
}

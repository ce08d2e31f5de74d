public import Logging
import NIOCore
import NIOPosix
public import RPC

/// One node: the module types that this program knows, a configuration, and a machine to place it on.
///
///     var app = App(logger: logger)
///     app.add(Login.self)
///     app.add(Chat.self)
///     app.add(Gate.self)
///     try await app.run(placement)
public struct App: Sendable {
    /// The name that start-up and shut-down lines carry.
    public static let name = "mqantserver"
    /// The version of the framework.
    public static let version = "0.1.0"

    struct Registration: Sendable {
        var settingsCheck: ServerConfiguration.SettingsCheck?
        var make: @Sendable (ModuleContext) async throws -> any Module
    }

    /// Makes the transport of a node.
    package typealias TransportFactory = (NodeID, Logger) throws -> any Transport

    private var types: [(type: ModuleType, registration: Registration)] = []
    private var routes = Routes()
    let logger: Logger

    public init(logger: Logger) {
        self.logger = logger
    }

    /// Makes a module type known. Instances start in the order in which their types were added, and shut down in the
    /// reverse: add what clients come in by last.
    public mutating func add<M: Module>(_ module: M.Type) {
        types.append((M.type, Registration(settingsCheck: M.settingsCheck) { try await M(context: $0) }))
    }

    /// Sets how clients' requests find an instance of a type, where there are several; by default any will do.
    ///
    /// - Parameter route: sees a request with its arguments, and names a key or an instance. Called on any thread.
    public mutating func route(_ type: ModuleType, _ route: @escaping @Sendable (RPCRequest) -> Endpoint) {
        routes[type] = { _, request in route(request) }
    }

    /// The checks of all types' settings, for `ServerConfiguration.load`.
    public var settingsChecks: [String: ServerConfiguration.SettingsCheck] {
        Dictionary(
            types.compactMap { type in type.registration.settingsCheck.map { (type.type.rawValue, $0) } },
            uniquingKeysWith: { $1 })
    }

    /// The module types that this program knows.
    public var knownTypes: Set<String> { Set(types.map(\.type.rawValue)) }

    /// Runs the instances that start on this machine until SIGINT or SIGTERM, or until one fails. A signal that comes while
    /// they start cancels that, and shuts down those that did.
    ///
    /// - Parameter makeTransport: how calls leave the process; by default they do not.
    /// - Throws: `ModuleFailure` with the instance that failed; the others are shut down by then. What the transport
    ///   throws if it cannot reach the broker.
    package func run(
        _ placement: Placement,
        makeTransport: TransportFactory = { node, _ in InProcessTransport(node: node, hub: InProcessHub()) }
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let node = try RPCNode(placement, makeTransport, eventLoop: group.next(), logger: logger)
        let result: Result<Void, any Error> = await Ending.heeded(logger: logger) { ending in
            logger.info("\(Self.name) \(Self.version) starting up")
            do { return .success(try await run(placement, node, until: ending)) } catch { return .failure(error) }
        }
        await node.shutdown()
        try? await group.shutdownGracefully()
        try result.get()
    }

    /// Starts the instances and runs them; all are shut down on return.
    private func run(_ placement: Placement, _ node: RPCNode, until ending: Ending) async throws {
        let (running, failure) = await ending.cancelling { await start(placement, node) }
        if failure != nil || ending.hasCome {
            await running.shutdownAll()
            // A start that was cancelled fails in one way or another.
            if let failure, !ending.hasCome { throw failure }
        } else {
            try await running.runAll(until: ending)
        }
    }

    /// Connects the node and starts the instances, one after the other.
    /// - Returns: those that began, and why it went no further.
    private func start(_ placement: Placement, _ node: RPCNode) async -> (RunningModules, (any Error)?) {
        var running = RunningModules(node: node, logger: logger)
        do {
            try await node.start()
            for (type, registration) in types {
                for (id, entry) in placement.starting where entry.type == type.rawValue {
                    try Task.checkCancellation()
                    let context = ModuleContext(
                        type: type, instance: InstanceID(id), settings: entry.settings,
                        configuration: placement.configuration, logger: logger.with(id), node: node, routes: routes)
                    try await running.start(context, registration.make)
                }
            }
            return (running, nil)
        } catch {
            return (running, error)
        }
    }
}

extension RPCNode {
    /// The node that a configuration describes.
    fileprivate convenience init(
        _ placement: Placement, _ makeTransport: App.TransportFactory, eventLoop: any EventLoop, logger: Logger
    ) throws {
        let id = NodeID.unique()
        let options = placement.configuration.rpc
        var configuration = Configuration()
        configuration.defaultTimeout = TimeAmount(options.timeout)
        configuration.server.maxInFlight = options.maxInFlight
        configuration.server.maxWaiting = options.maxWaiting
        if let address = placement.machine.primaryAddress { configuration.host = address.ip.description }
        if placement.configuration.usesBroker { configuration.announcementInterval = .seconds(1) }
        self.init(
            id: id, transport: try makeTransport(id, logger), configuration: configuration, eventLoop: eventLoop,
            logger: logger)
    }
}

extension NodeID {
    /// A name that no other node has or had.
    static func unique() -> NodeID {
        NodeID("node-" + String(UInt64.random(in: .min ... .max), radix: 16))
    }
}

extension Logger {
    /// The same logger with an instance's id on every line.
    fileprivate func with(_ instance: String) -> Logger {
        var logger = self
        logger[metadataKey: "id"] = "\(instance)"
        return logger
    }
}

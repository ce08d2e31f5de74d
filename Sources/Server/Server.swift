public import Logging
public import Mqant
public import MqantConfiguration
import MqantRPC
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// One node: the module types of a program, placed on this machine by a configuration.
///
///     let server = try Server(
///         name: "my-game", modules: [Accounts.self, Table.self, Gate.self], configuration: .file("server.conf"),
///         services: [database], logger: logger)
///     try await server.runService()
///
/// As a `Service`, it runs in a `ServiceGroup` of the caller's; then signals are that group's affair.
public struct Server: Service {
    /// The version of the framework.
    public static let frameworkVersion = "0.2.0"

    private let program: Program
    private let placement: Placement
    private let services: [any Service]
    private let environment: NodeEnvironment
    private let logger: Logger

    /// Reads and checks a configuration; nothing starts yet.
    ///
    /// - Parameters:
    ///   - name: the program's name, for lines of the log.
    ///   - version: the program's version, for the same.
    ///   - modules: the module types that the program has. Instances start in this order, and end in the reverse: name what
    ///     clients come in by, the Gate, last.
    ///   - configuration: where `server.conf` stands.
    ///   - host: what this machine is, addresses and names separated by commas; nil: what the environment's `MQANT_HOST`
    ///     says, or else the addresses of its interfaces.
    ///   - services: what the modules need, such as a database's client: they run before the first module is made, and end
    ///     after the last one.
    ///   - logger: logs what the server and its modules say.
    /// - Throws: everything that is wrong with the configuration, at once.
    public init(
        name: String = "mqantserver", version: String = Server.frameworkVersion, modules: [any Module.Type],
        configuration: Configuration, host: String? = nil, services: [any Service] = [], logger: Logger
    ) throws(ConfigurationError) {
        let program = Program(name: name, version: version, modules: modules)
        self.init(
            program, try program.placement(configuration, host: host), services: services, logger: logger)
    }

    /// The same in an environment of the caller's.
    package init(
        name: String, modules: [any Module.Type], configuration: Configuration, host: String,
        environment: NodeEnvironment, logger: Logger
    ) throws(ConfigurationError) {
        let program = Program(name: name, version: Server.frameworkVersion, modules: modules)
        self.init(program, try program.placement(configuration, host: host), environment: environment, logger: logger)
    }

    init(
        _ program: Program, _ placement: Placement, services: [any Service] = [],
        environment: NodeEnvironment = NodeEnvironment(), logger: Logger
    ) {
        self.program = program
        self.placement = placement
        self.services = services
        self.environment = environment
        self.logger = logger
    }

    /// Runs the instances that start on this machine until the graceful shutdown, or until one fails. A shutdown that comes
    /// while they start cancels that, and shuts down those that did.
    ///
    /// - Throws: `TooFewDescriptors`, before anything starts. `ModuleFailure` with the instance that failed; the others are shut down by then. `RPCError` or
    ///   `RabbitMQError` if the broker cannot be used. What one of the services threw.
    public func run() async throws {
        try await NodeService(name: program.name) { try await run(until: $0) }.run()
    }

    /// Runs until SIGINT or SIGTERM, for a program that is nothing but this server. What `run()` throws, this does.
    public func runService() async throws {
        let ending = Ending(program.name)
        try await ending.heedingSignals(logger: logger) { try await run(until: ending) }
    }

    /// Runs the services, and the node as the last of them.
    private func run(until ending: Ending) async throws {
        guard !services.isEmpty else { return try await runNode(until: ending) }
        let node = NodeService(name: program.name) { try await runNode(until: $0) }
        var configurations = services.map { service in
            ServiceGroupConfiguration.ServiceConfiguration(
                service: service, successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup)
        }
        configurations.append(
            .init(
                service: node, successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup))
        configurations.append(
            .init(service: EndingService(ending: ending), successTerminationBehavior: .gracefullyShutdownGroup))
        var configuration = ServiceGroupConfiguration(services: configurations, logger: logger.withoutDetails)
        configuration.maximumGracefulShutdownDuration = Self.shutdownBound
        try await ServiceGroup(configuration: configuration).run()
    }

    /// How long node and services may take to end; the node's own bound is 10 s of it.
    private static let shutdownBound = Duration.seconds(20)

    /// Connects the node, and runs the modules in it.
    private func runNode(until ending: Ending) async throws {
        let descriptors = try DescriptorPlan(placement, limit: OpenFiles.raiseLimit(), open: OpenFiles.count)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let result: Result<Void, any Error>
        do {
            let node = try RPCNode(placement, environment, eventLoop: group.next(), logger: logger)
            logger.info("\(program.name) \(program.version) starting up")
            placement.warn(logger)
            descriptors.log(logger)
            result = await withTaskGroup(of: Void.self) { group in
                group.addTask { await node.run() }
                let result: Result<Void, any Error>
                do { result = .success(try await run(node, descriptors, until: ending)) } catch {
                    result = .failure(error)
                }
                await node.shutdown()
                return result
            }
        } catch {
            result = .failure(error)
        }
        try? await group.shutdownGracefully()
        try result.get()
    }

    /// Starts the instances and runs them; all are shut down on return.
    private func run(_ node: RPCNode, _ descriptors: DescriptorPlan, until ending: Ending) async throws {
        let (running, failure) = await ending.cancelling { await start(node, descriptors) }
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
    private func start(_ node: RPCNode, _ descriptors: DescriptorPlan) async -> (RunningModules, (any Error)?) {
        var running = RunningModules(node: node, environment: environment, logger: logger)
        let routes = Routes(program.modules)
        do {
            try await node.start()
            try await environment.connected(node)
            for module in program.modules {
                for (id, entry) in placement.starting where entry.type == module.type.rawValue {
                    try Task.checkCancellation()
                    let context = ModuleContext(
                        type: module.type, instance: InstanceID(id), program: program.name,
                        configuration: placement.configuration, logger: logger.with(id), node: node, routes: routes,
                        maximumConnections: descriptors.connections[InstanceID(id)] ?? .max)
                    try await running.start(module, entry.settings, context)
                }
            }
            return (running, nil)
        } catch {
            return (running, error)
        }
    }
}

extension Placement {
    /// Says what the configuration wants of this machine, and this program does not do.
    fileprivate func warn(_ logger: Logger) {
        if starting.isEmpty { logger.warning("no module of the configuration starts on this machine") }
        for row in rows where row.isOfUnknownType {
            var metadata: Logger.Metadata = ["instance": "\(row.shownID)", "type": "\(row.entry.type)"]
            if let nearest = row.nearestType { metadata["nearest"] = "\(nearest)" }
            logger.warning("no such module type in this program: another one must serve it", metadata: metadata)
        }
    }
}

extension RPCNode {
    /// The node that a configuration describes.
    fileprivate convenience init(
        _ placement: Placement, _ environment: NodeEnvironment, eventLoop: any EventLoop, logger: Logger
    ) throws {
        let options = placement.configuration.rpc
        var configuration = Configuration()
        configuration.defaultTimeout = TimeAmount(options.timeout)
        configuration.server.maxInFlight = options.maxInFlight
        configuration.server.maxWaiting = options.maxWaiting
        if let threads = options.blockingThreads { configuration.blockingThreads = threads }
        if let address = placement.machine.primaryAddress { configuration.host = address.ip.description }
        configuration.clock = environment.clock
        configuration.executor = environment.executor
        let id: NodeID
        let transport: any Transport
        if let membership = environment.membership {
            (id, transport) = membership
        } else {
            id = NodeID.unique()
            let broker = try Broker(of: placement)
            if broker != nil { configuration.membership = MembershipTiming() }
            transport = broker?.makeTransport(id, logger) ?? InProcessTransport(node: id, hub: InProcessHub())
        }
        self.init(id: id, transport: transport, configuration: configuration, eventLoop: eventLoop, logger: logger)
    }
}

extension NodeID {
    /// A name that no other node has or had.
    fileprivate static func unique() -> NodeID {
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

    /// The same logger without a service group's own lines, which are for who debugs it.
    var withoutDetails: Logger {
        var logger = self
        logger.logLevel = .error
        return logger
    }
}

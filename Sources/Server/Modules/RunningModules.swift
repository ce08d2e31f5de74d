import Logging
import MqantRPC
import NIOCore
import ServiceLifecycle

/// The instances of this process, in the order of their start.
struct RunningModules {
    fileprivate struct Instance: Sendable {
        var module: any Module
        var components: [any ModuleComponent]
        var server: RPCServer
    }

    /// How long modules together may take to finish what they have in hand, once the node shuts down.
    private static let drainBound = Duration.seconds(7)

    private let node: RPCNode
    private let environment: NodeEnvironment
    private let logger: Logger
    private let drainDeadline = SharedDeadline(after: drainBound)
    private var instances: [Instance] = []

    init(node: RPCNode, environment: NodeEnvironment, logger: Logger) {
        self.node = node
        self.environment = environment
        self.logger = logger
    }

    /// Makes an instance, registers its functions and begins to serve it.
    mutating func start<M: Module>(
        _ type: M.Type, _ settings: SettingsObject, _ context: ModuleContext
    ) async throws {
        var phase = ModuleFailure.Phase.initialization
        do {
            let module = try await M(settings: M.settings(from: settings), context: context)
            let server = RPCServer(type: context.type, instance: context.instance, node: node, logger: context.logger)
            let components = module.components
            instances.append(Instance(module: module, components: components, server: server))
            phase = .registration
            for component in components { try component.register(on: server) }
            try module.register(on: server)
            phase = .start
            try await node.serve(server)
        } catch {
            throw ModuleFailure(instance: context.instance, phase: phase, underlyingError: error)
        }
        logger.info("RPCServer listening id(\(context.instance))")
    }

    /// Runs all until the process is told to end, or one of them fails; all are shut down on return.
    func runAll(until ending: Ending) async throws {
        var services = instances.map { instance in
            ServiceGroupConfiguration.ServiceConfiguration(
                service: ModuleService(instance.server.instance) {
                    try await instance.run(in: environment)
                } shutdown: { [self] in
                    await shutdown(instance)
                } cutShort: { [logger] phase in
                    logger.warning(
                        "a module took too long to shut down, and is cut short",
                        metadata: ["id": "\(instance.server.instance)", "phase": "\(phase)"])
                },
                successTerminationBehavior: .ignore, failureTerminationBehavior: .gracefullyShutdownGroup)
        }
        services.append(
            .init(service: EndingService(ending: ending), successTerminationBehavior: .gracefullyShutdownGroup))
        var configuration = ServiceGroupConfiguration(services: services, logger: logger.withoutDetails)
        // With 2 s for the end of the connection to the broker, 10 s in all (docs/architecture.md#bounds).
        configuration.maximumGracefulShutdownDuration = .seconds(8)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError where ending.hasCome {
            logger.warning("the modules took too long to shut down together")
        }
    }

    /// Shuts down what `start` began, the last first.
    func shutdownAll() async {
        for instance in instances.reversed() { await shutdown(instance) }
    }

    private func shutdown(_ instance: Instance) async {
        await node.withdraw(instance.server, within: TimeAmount(drainDeadline.remaining))
        await environment.mayShutDown()
        await instance.module.shutdown()
        for component in instance.components.reversed() { await component.shutdown() }
        logger.info("RPCServer close success id(\(instance.server.instance))")
    }
}

extension RunningModules.Instance {
    /// Runs the module and its components beside each other, until all have returned or one has thrown.
    fileprivate func run(in environment: NodeEnvironment) async throws {
        try await withTaskExecutorPreference(environment.executor) {
            environment.runs(server.instance)
            guard !components.isEmpty else { return try await module.run() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await module.run() }
                for component in components { group.addTask { try await component.run() } }
                try await group.waitForAll()
            }
        }
    }
}

extension Module {
    fileprivate static func settings(from object: SettingsObject) throws(ConfigurationError) -> Settings {
        try object.read { Settings(reading: &$0) }
    }
}

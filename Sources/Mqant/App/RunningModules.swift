import Logging
import NIOCore
import RPC
import ServiceLifecycle

/// The instances of this process, in the order of their start.
struct RunningModules {
    private struct Instance: Sendable {
        var module: any Module
        var server: RPCServer
    }

    /// How long modules together may take to finish what they have in hand, once the node shuts down.
    private static let drainBound = Duration.seconds(7)

    private let node: RPCNode
    private let logger: Logger
    private let drainDeadline = SharedDeadline(after: drainBound)
    private var instances: [Instance] = []

    init(node: RPCNode, logger: Logger) {
        self.node = node
        self.logger = logger
    }

    /// Makes an instance, registers its functions and begins to serve it.
    mutating func start(
        _ context: ModuleContext, _ make: (ModuleContext) async throws -> any Module
    ) async throws {
        do {
            let module = try await make(context)
            let server = RPCServer(type: context.type, instance: context.instance, node: node, logger: context.logger)
            instances.append(Instance(module: module, server: server))
            try module.register(on: server)
            try await node.serve(server)
        } catch {
            throw ModuleFailure(instance: context.instance, phase: "start", underlyingError: error)
        }
        logger.info("RPCServer listening id(\(context.instance))")
    }

    /// Runs all until the process is told to end, or one of them fails; all are shut down on return.
    func runAll(until ending: Ending) async throws {
        var services = instances.map { instance in
            ServiceGroupConfiguration.ServiceConfiguration(
                service: ModuleService(instance.server.instance) {
                    try await instance.module.run()
                } shutdown: { [self] in
                    await shutdown(instance)
                },
                successTerminationBehavior: .ignore, failureTerminationBehavior: .gracefullyShutdownGroup)
        }
        services.append(
            .init(service: EndingService(ending: ending), successTerminationBehavior: .gracefullyShutdownGroup))
        var configuration = ServiceGroupConfiguration(services: services, logger: quiet)
        // With 2 s for the end of the connection to the broker, the 10 s of DESIGN §8.
        configuration.maximumGracefulShutdownDuration = .seconds(8)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError where ending.hasCome {
            logger.warning("the modules took too long to shut down, and were cut short")
        }
    }

    /// Shuts down what `start` began, the last first.
    func shutdownAll() async {
        for instance in instances.reversed() { await shutdown(instance) }
    }

    private func shutdown(_ instance: Instance) async {
        await node.withdraw(instance.server, within: TimeAmount(drainDeadline.remaining))
        await instance.module.shutdown()
    }

    /// The service group's own lines are for who debugs it.
    private var quiet: Logger {
        var logger = logger
        logger.logLevel = .error
        return logger
    }
}

/// An instance that could not start, or whose `run()` threw.
package struct ModuleFailure: Error, CustomStringConvertible {
    package let instance: InstanceID
    /// `start` or `run`.
    package let phase: String
    package let underlyingError: any Error

    package var description: String { "module \(instance) failed in \(phase): \(underlyingError)" }
}

public import MqantRPC
import ServiceLifecycle

/// A part of a module that has functions or work of its own, such as a `Roster`. A module names it in `components`; then it
/// is registered, run and shut down with the module, and nothing can be forgotten.
public protocol ModuleComponent: Sendable {
    /// Registers functions of the instance, before the module registers its own.
    func register(on server: RPCServer) throws

    /// Works until the node shuts down, beside the module's `run()`; by default waits for that. Throwing ends the node.
    func run() async throws

    /// Cleans up, after the module's `shutdown()`.
    func shutdown() async
}

extension ModuleComponent {
    /// Registers nothing.
    public func register(on server: RPCServer) throws {}

    /// Waits for the graceful shutdown.
    public func run() async throws { try await gracefulShutdown() }

    /// Does nothing.
    public func shutdown() async {}
}

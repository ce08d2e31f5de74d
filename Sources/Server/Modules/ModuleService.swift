import MqantRPC
import ServiceLifecycle
import Synchronization

/// Runs one instance as a service: until the graceful shutdown, whenever its own `run()` returns, and then its end.
struct ModuleService: Service {
    private let instance: InstanceID
    private let body: @Sendable () async throws -> Void
    private let shutdown: @Sendable () async -> Void
    private let cutShort: @Sendable (ModuleFailure.Phase) -> Void

    /// - Parameter cutShort: Called, on any thread, if the instance is cancelled because it takes too long to end, with
    ///   what it is at.
    init(
        _ instance: InstanceID, run: @escaping @Sendable () async throws -> Void,
        shutdown: @escaping @Sendable () async -> Void, cutShort: @escaping @Sendable (ModuleFailure.Phase) -> Void
    ) {
        self.instance = instance
        body = run
        self.shutdown = shutdown
        self.cutShort = cutShort
    }

    func run() async throws {
        // What it is at, once it has been told to end.
        let ending = Mutex<ModuleFailure.Phase?>(nil)
        try await withTaskCancellationHandler {
            try await run(noting: { phase in ending.withLock { $0 = phase } })
        } onCancel: {
            if let phase = ending.withLock({ $0 }) { cutShort(phase) }
        }
    }

    private func run(noting note: @escaping @Sendable (ModuleFailure.Phase) -> Void) async throws {
        do {
            try await withGracefulShutdownHandler(operation: body) { note(.run) }
        } catch is CancellationError where Task.isCancelled {
            await shutdown()
            throw CancellationError()
        } catch is CancellationError where Task.isShuttingDownGracefully {
            // A sleep in `cancelWhenGracefulShutdown` ends so.
        } catch {
            note(.shutdown)
            await shutdown()
            throw ModuleFailure(instance: instance, phase: .run, underlyingError: error)
        }
        // A module that has nothing to do may return early; what it registered is served on.
        try? await gracefulShutdown()
        if !Task.isCancelled { note(.shutdown) }
        await shutdown()
    }
}

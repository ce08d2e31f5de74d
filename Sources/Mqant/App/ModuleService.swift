import RPC
import ServiceLifecycle

/// Runs one instance as a service: until the graceful shutdown, whenever its own `run()` returns, and then its end.
struct ModuleService: Service {
    private let instance: InstanceID
    private let body: @Sendable () async throws -> Void
    private let shutdown: @Sendable () async -> Void

    init(
        _ instance: InstanceID, run: @escaping @Sendable () async throws -> Void,
        shutdown: @escaping @Sendable () async -> Void
    ) {
        self.instance = instance
        body = run
        self.shutdown = shutdown
    }

    func run() async throws {
        do {
            try await body()
        } catch is CancellationError {
            await shutdown()
            throw CancellationError()
        } catch {
            await shutdown()
            throw ModuleFailure(instance: instance, phase: "run", underlyingError: error)
        }
        // A module that has nothing to do may return early; what it registered is served on.
        try? await gracefulShutdown()
        await shutdown()
    }
}

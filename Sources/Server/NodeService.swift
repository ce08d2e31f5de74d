import ServiceLifecycle

/// The node as one of several services: it ends at its turn of the graceful shutdown.
struct NodeService: Service {
    let name: String
    let body: @Sendable (Ending) async throws -> Void

    func run() async throws {
        let ending = Ending(name)
        try await withGracefulShutdownHandler {
            try await body(ending)
        } onGracefulShutdown: {
            ending.come()
        }
    }
}

import ServiceLifecycle

/// Ends the services of a node when the end comes.
struct EndingService: Service {
    let ending: Ending

    func run() async throws {
        await cancelWhenGracefulShutdown { await ending.wait() }
    }
}

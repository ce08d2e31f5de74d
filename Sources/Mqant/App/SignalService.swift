import Logging
import ServiceLifecycle
import UnixSignals

/// Ends the node on SIGINT and SIGTERM, and says so.
struct SignalService: Service {
    let logger: Logger

    func run() async throws {
        for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm).cancelOnGracefulShutdown() {
            logger.info("\(App.name) closing down (signal: \(signal == .sigint ? "interrupt" : "terminated"))")
            return
        }
    }
}

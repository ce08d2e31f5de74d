import Logging
import ServiceLifecycle
import UnixSignals

/// Ends the node on SIGINT and SIGTERM, and says so.
struct SignalService: Service {
    let logger: Logger
    private let signals: UnixSignalsSequence

    /// From here on the signals end the node in good order, those that come while modules still start among them.
    init(logger: Logger) async {
        self.logger = logger
        signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    }

    func run() async throws {
        for await signal in signals.cancelOnGracefulShutdown() {
            logger.info("\(App.name) closing down (signal: \(signal == .sigint ? "interrupt" : "terminated"))")
            return
        }
    }
}

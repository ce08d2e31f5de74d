import ArgumentParser
import Logging
import Mqant

/// `mqantserver run`: starts the modules whose `Host` is this machine, and runs them until SIGINT or SIGTERM.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the modules that belong on this machine (the default).")

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = LogLevel.info

    func run() async throws {
        let logger = Logger(label: App.name) { [logLevel] _ in TerminalLogHandler(level: logLevel.level) }
        let app = Wiring.app(logger: logger)
        do {
            let placement = try Wiring.placement(options, app)
            guard placement.rows.contains(where: \.startsHere) else {
                complain("\(placement)\nno module of \(options.conf) starts on this machine")
                throw ExitCode(1)
            }
            for row in placement.rows where row.isOfUnknownType {
                logger.warning(
                    "no such module type in this program: another one must serve it",
                    metadata: ["instance": "\(row.shownID)", "type": "\(row.entry.type)"])
            }
            StandardStreams.outliveReaders()
            OpenFiles.raiseLimit()
            if let broker = try Broker(of: placement) {
                try await app.run(placement, makeTransport: broker.makeTransport)
            } else {
                try await app.run(placement)
            }
        } catch let error as ConfigurationError {
            complain("\(error)")
            throw ExitCode(1)
        } catch let error as ExitCode {
            throw error
        } catch {
            logger.critical("\(App.name) ends", metadata: ["error": "\(error)"])
            throw ExitCode(1)
        }
    }
}

/// `Logger.Level` as an option.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case trace, debug, info, notice, warning, error, critical

    var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}

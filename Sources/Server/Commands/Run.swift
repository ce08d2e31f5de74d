import ArgumentParser
import Logging
import Mqant

/// `mqantserver run`: starts the modules whose `Host` is this machine, and runs them until SIGINT or SIGTERM.
struct Run<Definition: ServerCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "run",
            abstract: "Run the modules that belong on this machine (the default).")
    }

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = LogLevel.info

    func run() async throws {
        let program = Definition.program
        let logger = Logger(label: program.name) { [logLevel] _ in TerminalLogHandler(level: logLevel.level) }
        do {
            let placement = try options.placement(of: program)
            guard placement.rows.contains(where: \.startsHere) else {
                complain("\(placement)\nno module of \(options.conf) starts on this machine")
                throw ExitCode(1)
            }
            StandardStreams.outliveReaders()
            let services = try await Definition.services(logger: logger)
            try await Server(program, placement, services: services, logger: logger).runService()
        } catch let error as ConfigurationError {
            complain("\(error)")
            throw ExitCode(1)
        } catch let error as ExitCode {
            throw error
        } catch {
            logger.critical("\(program.name) ends", metadata: ["error": "\(error)"])
            throw ExitCode(1)
        }
    }
}

/// `Logger.Level` as an option.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case trace, debug, info, notice, warning, error, critical

    var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}

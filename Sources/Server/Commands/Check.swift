import ArgumentParser
import Logging
import Mqant

/// `mqantserver check`: which instances start here and why; starts nothing.
struct Check<Definition: ServerCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "check",
            abstract: "Say which modules would start here, and why.",
            discussion: "The status is 0 if the configuration is right, 1 if not.")
    }

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        do {
            try StandardStreams.print("\(try options.placement(of: Definition.program))")
        } catch let error as ExitCode {
            throw error
        } catch {
            complain("\(error)")
            throw ExitCode(1)
        }
    }
}

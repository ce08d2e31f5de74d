import ArgumentParser
import Glibc
import MqantConfiguration

/// The command line of a program.
struct RootCommand<Definition: ServerCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Definition.name,
            abstract: Definition.abstract,
            version: Definition.version,
            subcommands: [
                Run<Definition>.self, Check<Definition>.self, Call<Definition>.self, Status<Definition>.self,
                Health<Definition>.self,
            ] + Definition.subcommands,
            defaultSubcommand: Run<Definition>.self)
    }

    /// Runs the command that the command line names, and ends the process.
    static func runAndExit() async -> Never {
        do {
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Glibc.exit(0)
        } catch {
            end(for: error)
        }
    }

    /// Ends the process with what an error says, which may be a request for help. The package's own `exit(withError:)`
    /// takes no notice of an output that cannot be written.
    private static func end(for error: any Error) -> Never {
        var code = exitCode(for: error).rawValue
        let text = fullMessage(for: error)
        if code != 0, !text.isEmpty {
            complain(text)
        } else if !text.isEmpty {
            do { try StandardStreams.print(text) } catch { code = exitCode(for: error).rawValue }
        }
        Glibc.exit(code)
    }
}

/// What all commands take.
struct ConfigurationOptions: ParsableArguments {
    @Option(help: "The configuration.")
    var conf = "conf/server.conf"

    @Option(
        help: ArgumentHelp(
            "What this machine is: addresses and names, separated by commas, instead of its interfaces' addresses.",
            discussion: "MQANT_HOST says the same.", valueName: "address"))
    var host: String?

    /// What the file says, placed on this machine.
    func placement(of program: Program) throws(ConfigurationError) -> Placement {
        try program.placement(.file(conf), host: host)
    }
}

import ArgumentParser
import Mqant

/// The command line.
@main
struct MqantServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: App.name,
        abstract: "A distributed game and chat server.",
        version: App.version,
        subcommands: [Run.self, Check.self, Call.self, Status.self, Health.self],
        defaultSubcommand: Run.self)

    static func main() async {
        StandardStreams.fillGaps()
        await main(nil)
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
}

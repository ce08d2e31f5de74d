import ArgumentParser
import FoundationEssentials
import MqantServer

/// `mqantserver new NAME`: writes the package of a server of one's own.
struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Write a package for a server of your own: one module, one test.",
        discussion: """
            The package depends on mqantserver: on the checkout or the repository that --mqantserver names, else the \
            environment's MQANTSERVER, else the checkout that this program was built in. Nothing is overwritten.
            """)

    @Argument(help: "The package's name: \(PackageName.rule).")
    var name: String

    @Option(help: ArgumentHelp("The package's folder; by default NAME, in the working directory.", valueName: "folder"))
    var path: String?

    @Option(help: ArgumentHelp("A checkout of mqantserver, or its repository's URL.", valueName: "folder or url"))
    var mqantserver: String?

    func run() throws {
        do {
            let name = try PackageName(validating: name)
            let source = try FrameworkSource.find(option: mqantserver, environment: ProcessInfo.processInfo.environment)
            let path = path ?? name.text
            try PackageWriter(path: path).write(PackageTemplate(name: name, framework: source).files)
            try StandardStreams.print(
                """
                \(TerminalText.line(path)): a server with the module \(name.module), and its test
                  cd \(TerminalText.line(path))
                  swift test
                  swift run \(name.program)
                """)
        } catch let error as NewError {
            complain("mqantserver new: \(error)")
            throw ExitCode(64)
        }
    }
}

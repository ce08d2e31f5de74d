public import ArgumentParser
import Dispatch
public import Logging
public import Mqant
public import ServiceLifecycle

/// A program that is a server, with its command line: the subcommands `run` (the default), `check`, `call`, `status` and
/// `health`.
///
///     import MqantServer
///
///     @main struct MyGame: ServerCommand {
///         static let name = "my-game"
///         static let modules: [any Module.Type] = [Accounts.self, Table.self, Web.self, Gate.self]
///     }
public protocol ServerCommand: SendableMetatype {
    /// The program's name, as its users type it.
    static var name: String { get }

    /// The program's version, for `--version` and the log; by default the framework's.
    static var version: String { get }

    /// What `--help` says of the program, in one line.
    static var abstract: String { get }

    /// The module types that the program has. Instances start in this order, and end in the reverse: name what clients come in
    /// by, the Gate, last.
    static var modules: [any Module.Type] { get }

    /// What the modules need, such as a database's client: run before the first module is made, and ended after the last one.
    /// By default nothing. Called by `run` only.
    static func services(logger: Logger) async throws -> [any Service]

    /// Subcommands of the program's own.
    static var subcommands: [any ParsableCommand.Type] { get }
}

extension ServerCommand {
    /// ``Server/frameworkVersion``.
    public static var version: String { Server.frameworkVersion }
    /// "A distributed game and chat server."
    public static var abstract: String { "A distributed game and chat server." }
    /// No services.
    public static func services(logger: Logger) async throws -> [any Service] { [] }
    /// No subcommands besides those of every server.
    public static var subcommands: [any ParsableCommand.Type] { [] }

    /// Reads the command line, and does what it says. Ends the process.
    ///
    /// Not asynchronous: the runtime opens descriptors of its own before an asynchronous `main` begins, and those would take the
    /// numbers of standard streams that are closed.
    public static func main() {
        StandardStreams.fillGaps()
        // Ends with the process.
        Task { await RootCommand<Self>.runAndExit() }
        dispatchMain()
    }

    static var program: Program { Program(name: name, version: version, modules: modules) }
}

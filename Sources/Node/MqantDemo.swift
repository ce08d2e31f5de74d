import ArgumentParser
import MqantChat
import MqantLogin
import MqantServer

/// The demo: people log in, and talk in rooms. It also writes packages for servers of one's own.
@main struct MqantDemo: ServerCommand {
    static let name = "mqantserver"
    // Gate comes last: clients come in once all others serve, and go first.
    static let modules: [any Module.Type] = [Login.self, Chat.self, Web.self, Gate.self]
    static let subcommands: [any ParsableCommand.Type] = [New.self]
}

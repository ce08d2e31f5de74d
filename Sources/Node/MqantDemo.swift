import ArgumentParser
import MqantChat
import MqantLogin
import MqantServer

/// The demo: people log in, and talk in rooms. It also keeps their accounts, and writes packages for servers of one's
/// own.
@main struct MqantDemo: ServerCommand {
    static let name = "mqantserver"
    // Gate comes last: clients come in once all others serve, and go first.
    static let modules: [any Module.Type] = [Login.self, Chat.self, Web.self, Gate.self]
    #if Accounts
        static let subcommands: [any ParsableCommand.Type] = [AccountCommand.self, New.self]
    #else
        static let subcommands: [any ParsableCommand.Type] = [New.self]
    #endif
}

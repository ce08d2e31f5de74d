import Chat
import FoundationEssentials
import Gate
import Glibc
import Logging
import Login
import Mqant
import Web

/// The module types of this program. Gate comes last: clients come in once all others serve, and go first.
enum Wiring {
    static func app(logger: Logger) -> App {
        var app = App(logger: logger)
        app.add(Login.self)
        app.add(Chat.self)
        app.add(Web.self)
        app.add(Gate.self)
        app.route(Chat.type, Chat.route)
        return app
    }

    static func placement(_ options: ConfigurationOptions, _ app: App) throws(ConfigurationError) -> Placement {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try ServerConfiguration.load(
            path: options.conf, environment: environment, checks: app.settingsChecks)
        let machine = try Machine.current(hostOption: options.host, environment: environment)
        return try Placement(configuration, on: machine, knownTypes: app.knownTypes)
    }
}

/// Standard error, for what is wrong.
func complain(_ text: String) {
    var line = text + "\n"
    line.withUTF8 { bytes in _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
}

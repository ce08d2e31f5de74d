import Greeter
import MqantServer

@main struct GreeterServer: ServerCommand {
    static let name = "greeter-server"
    static let modules: [any Module.Type] = [Greeter.self, Gate.self]
}

import Hitball
import MqantServer

@main struct HitballServer: ServerCommand {
    static let name = "hitball-server"
    static let abstract = "A small game for two in the browser."
    static let modules: [any Module.Type] = [Hitball.self, Web.self, Gate.self]
}

import Lobby
import MqantServer

@main struct LobbyServer: ServerCommand {
    static let name = "lobby-server"
    static let abstract = "Finds two players for a game."
    static let modules: [any Module.Type] = [Lobby.self, Gate.self]
}

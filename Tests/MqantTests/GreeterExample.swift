public import Mqant

/// Greets: clients call `Greeter/Handler_Greet`, other modules call `greeting`.
public struct Greeter: Module {
    /// Its name in `server.conf` and in clients' topics.
    public static let type: ModuleType = "Greeter"
    private let context: ModuleContext
    private let word: String

    /// Reads `"Settings": { "Word": "Hello" }`.
    public init(context: ModuleContext) async throws {
        self.context = context
        word = try context.settings.read { settings in settings.string("Word", default: "Hello") }
    }

    /// Says what may be called.
    public func register(on server: RPCServer) {
        server.register("Handler_Greet") { (session: Session, request: GreetRequest) in
            let text = "\(word), \(request.name)!"
            try await session.send(topic: "Greeter/OnGreet", body: context.json(text))
            return text
        }
        server.register("greeting") { (name: String) in "\(word), \(name)!" }
    }
}

/// The payload of `Greeter/Handler_Greet`.
struct GreetRequest: Codable, Sendable {
    var name: String
}

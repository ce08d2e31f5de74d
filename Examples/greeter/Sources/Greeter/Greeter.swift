public import Mqant

/// Greets: clients call `Greeter/Handler_Greet`, other modules call `greeting`.
public struct Greeter: Module {
    /// Its name in `server.conf` and in clients' topics.
    public static let type: ModuleType = "Greeter"
    private let context: ModuleContext
    private let word: String

    /// `"Settings": { "Word": "Hello" }`.
    public struct Settings: ModuleSettings {
        var word: String
        /// Reads it.
        public init(reading settings: inout SettingsReader) { word = settings.string("Word", default: "Hello") }
    }

    /// Makes an instance.
    public init(settings: Settings, context: ModuleContext) {
        self.context = context
        word = settings.word
    }

    /// Says what may be called.
    public func register(on server: RPCServer) throws {
        try server.register("Handler_Greet") { (session: Session, request: GreetRequest) in
            let text = "\(word), \(request.name)!"
            try await session.send(topic: "Greeter/OnGreet", body: context.json(text))
            return text
        }
        try server.register("greeting") { (name: String) in "\(word), \(name)!" }
    }
}

/// The payload of `Greeter/Handler_Greet`.
struct GreetRequest: Codable, Sendable {
    var name: String
}

import Mqant

/// Makes a test's clients users, so that a module can be tested without a Login.
struct TestLogin: Module {
    static let type: ModuleType = "TestLogin"

    init(settings: UncheckedSettings, context: ModuleContext) {}

    func register(on server: RPCServer) throws {
        try server.register("Handler_Bind") { (session: Session, user: String) in
            try await session.bind(user)
        }
    }
}

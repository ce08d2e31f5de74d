public import Mqant

/// Says who a client is: by an account and its password if `Settings` name a file of accounts. Without, it is the
/// demo's login: whoever names a user is that user.
public struct Login: Module {
    /// `Login`.
    public static let type: ModuleType = "Login"

    private let context: ModuleContext
    private let accounts: Accounts?

    /// Makes the instance, and opens the file of accounts.
    ///
    /// - Throws: what is wrong with that file.
    public init(settings: LoginSettings, context: ModuleContext) async throws {
        self.context = context
        accounts = try settings.accounts.map { try Accounts($0, context) }
        if accounts == nil {
            context.logger.warning("everybody gets in as anybody: this Login has no Accounts in its Settings")
        }
    }

    /// Registers `Handler_Login`, and `Handler_Register` if the settings allow it, for clients, and `getRand` for
    /// modules.
    public func register(on server: RPCServer) throws {
        try server.register("Handler_Login", options: .perSession.nonblocking) {
            (session: Session, request: LoginRequest) in
            try await login(session, request)
        }
        if let accounts, accounts.mayRegister {
            try server.register("Handler_Register", options: .perSession.nonblocking) {
                (_: Session, request: LoginRequest) in
                let (name, password) = try request.checked()
                try await accounts.register(name, password)
                return "register success \(name)"
            }
        }
        try server.register("getRand", options: .concurrent.nonblocking.idempotent) { (text: String) in
            "\(text) \(UInt32.random(in: .min ... .max))"
        }
        try accounts?.report(on: server)
    }

    /// Closes the file of accounts.
    public func shutdown() async { accounts?.end() }

    /// Binds the session to the user, whose name is composed: one é is one user.
    private func login(_ session: Session, _ request: LoginRequest) async throws -> String {
        let (name, password) = try request.checked()
        try await accounts?.logIn(name, password)
        try await session.bind(name.text)
        context.logger.debug("login", metadata: ["user": "\(name)", "session": "\(session.id)"])
        return "login success \(name)"
    }
}

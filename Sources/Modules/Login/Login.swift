public import Mqant

/// The demo's login: whoever names a user is that user.
public struct Login: Module {
    /// `Login`.
    public static let type: ModuleType = "Login"

    private let context: ModuleContext

    /// Makes the instance; it has no settings.
    public init(settings: UncheckedSettings, context: ModuleContext) {
        self.context = context
    }

    /// Registers `Handler_Login` for clients and `getRand` for modules.
    public func register(on server: RPCServer) throws {
        try server.register("Handler_Login", options: .perSession.nonblocking) {
            (session: Session, request: LoginRequest) in
            try await login(session, request)
        }
        try server.register("getRand", options: .concurrent.nonblocking.idempotent) { (text: String) in
            "\(text) \(UInt32.random(in: .min ... .max))"
        }
    }

    /// Binds the session to the user, whose name is composed: one é is one user. A real game checks the password here.
    private func login(_ session: Session, _ request: LoginRequest) async throws -> String {
        guard let userName = request.userName?.nfc, !userName.isEmpty, request.passWord != nil else {
            throw HandlerError("userName or passWord cannot be nil")
        }
        guard userName.utf8.count <= LoginRequest.maximumNameByteCount else {
            throw HandlerError("userName is longer than \(LoginRequest.maximumNameByteCount) bytes")
        }
        try await session.bind(userName)
        context.logger.debug("login", metadata: ["user": "\(userName)", "session": "\(session.id)"])
        return "login success \(userName)"
    }
}

/// The payload of `Login/Handler_Login`.
struct LoginRequest: Codable, Sendable {
    /// The longest name, in bytes of UTF-8.
    static let maximumNameByteCount = 128

    var userName: String?
    var passWord: String?
}

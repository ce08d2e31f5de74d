#if Accounts
    import Mqant
    import MqantAccounts

    /// The accounts of a Login, in the words that its clients know.
    struct Accounts: Sendable {
        private let service: AccountService
        let mayRegister: Bool

        /// - Throws: what is wrong with the file.
        init(_ settings: AccountSettings, _ context: ModuleContext) throws {
            var options = AccountOptions(file: settings.file)
            options.maximumAccounts = settings.maximumAccounts
            options.threads = settings.threads ?? options.threads
            options.waiting = settings.waiting
            options.cost = ScryptCost(logN: settings.cost)
            options.userFailures = settings.userFailures
            options.failureInterval = settings.failureInterval
            service = try AccountService(options, logger: context.logger, now: { context.clock.now })
            mayRegister = settings.mayRegister
        }

        /// Returns if the password is the user's.
        func logIn(_ name: UserName, _ text: String) async throws {
            let password = try Self.password { () throws(Password.Fault) in try Password(text) }
            try await Self.telling { () async throws(LoginRefusal) in try await service.logIn(name, password) }
        }

        /// Makes an account.
        func register(_ name: UserName, _ text: String) async throws {
            let password = try Self.password { () throws(Password.Fault) in try Password(new: text) }
            try await Self.telling { () async throws(LoginRefusal) in try await service.register(name, password) }
        }

        /// Has `mqantserver status` show how logins go.
        func report(on server: RPCServer) throws {
            try server.report("waiting logins") { [service] in service.waiting }
            try server.report("failed logins") { [service] in service.statistics.failed }
            try server.report("slowed down") { [service] in service.statistics.slowedDown }
            try server.report("turned away") { [service] in service.statistics.turnedAway }
        }

        func end() { service.end() }

        private static func password(_ body: () throws(Password.Fault) -> Password) throws(HandlerError) -> Password {
            do throws(Password.Fault) { return try body() } catch { throw HandlerError("passWord \(error)") }
        }

        private static func telling(_ body: () async throws(LoginRefusal) -> Void) async throws(HandlerError) {
            do throws(LoginRefusal) { try await body() } catch { throw HandlerError("\(error)") }
        }
    }
#else
    import Mqant

    /// Stands for accounts in a program that is built without the package's trait `Accounts`: it lets nobody in.
    struct Accounts: Sendable {
        private static let absent = HandlerError("this program was built without the trait Accounts of mqantserver")

        let mayRegister = false

        init(_ settings: AccountSettings, _ context: ModuleContext) throws { throw Self.absent }

        func logIn(_ name: UserName, _ text: String) async throws { throw Self.absent }
        func register(_ name: UserName, _ text: String) async throws { throw Self.absent }
        func report(on server: RPCServer) throws {}
        func end() {}
    }
#endif

import GRDB
import Logging
import Mqant
import Synchronization
import Testing

@testable import MqantAccounts

/// Who gets in.
@Suite(.timeLimit(.minutes(2))) struct AccountServiceTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    /// A time that a test moves.
    private final class Time: Sendable {
        private let value = Mutex(ContinuousClock.now)
        func now() -> ContinuousClock.Instant { value.withLock { $0 } }
        func pass(_ duration: Duration) { value.withLock { $0 += duration } }
    }

    private func service(
        cost: Int = 10, time: Time = Time(), _ change: (inout AccountOptions) -> Void = { _ in }
    ) throws -> AccountService {
        var options = AccountOptions(file: folder.file())
        options.cost = ScryptCost(logN: cost)
        change(&options)
        return try AccountService(
            options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: time.now)
    }

    private func add(_ name: String, _ password: String, cost: Int = 10) throws {
        let store = try AccountStore(folder.file(), for: .makingCommand)
        defer { store.close() }
        try store.add(UserName(name), PasswordHash(of: Password(password), cost: ScryptCost(logN: cost)))
    }

    private func logIn(_ service: AccountService, _ name: String, _ password: String, source: String? = nil)
        async throws
    {
        try await service.logIn(UserName(name), Password(password), source: source)
    }

    @Test func theRightPasswordLetsIn() async throws {
        try add("Ada", "correct horse")
        let service = try service()
        try await logIn(service, "Ada", "correct horse")
        await #expect(throws: LoginRefusal.wrong) { try await logIn(service, "Ada", "wrong") }
        await #expect(throws: LoginRefusal.wrong) { try await logIn(service, "Ada", "") }
        await #expect(throws: LoginRefusal.wrong) { try await logIn(service, "ada", "correct horse") }
        await #expect(throws: LoginRefusal.wrong) { try await logIn(service, "nobody", "correct horse") }
        #expect(service.statistics.failed == 4)
        service.end()
    }

    @Test func nobodyIsToldThatAUserIsDisabled() async throws {
        try add("Ada", "correct horse")
        let service = try service()
        let command = try AccountStore(folder.file(), for: .command)
        try command.setDisabled(UserName("Ada"), true)
        await #expect(throws: LoginRefusal.wrong) { try await logIn(service, "Ada", "correct horse") }
        try command.setDisabled(UserName("Ada"), false)
        try await logIn(service, "Ada", "correct horse")
        try command.remove(UserName("Ada"))
        await #expect(throws: LoginRefusal.wrong) { try await logIn(service, "Ada", "correct horse") }
        service.end()
    }

    @Test func aHashThatCannotBeReadLetsNobodyIn() async throws {
        try add("Ada", "correct horse")
        let service = try service()
        let command = try AccountStore(folder.file(), for: .command)
        try command.write { try $0.execute(sql: "UPDATE account SET hash = 'nonsense'") }
        await #expect(throws: LoginRefusal.wrong) { try await logIn(service, "Ada", "correct horse") }
        service.end()
    }

    @Test(arguments: ["Ada", "nobody"]) func failuresSlowAUserDown(user: String) async throws {
        try add("Ada", "correct horse")
        try add("Bob", "battery staple")
        let time = Time()
        let service = try service(time: time)
        for _ in 0..<5 { await #expect(throws: LoginRefusal.wrong) { try await logIn(service, user, "wrong") } }
        for _ in 0..<10 {
            await #expect(throws: LoginRefusal.slowedDown(.seconds(30))) {
                try await logIn(service, user, "correct horse")
            }
        }
        try await logIn(service, "Bob", "battery staple")
        #expect(service.statistics.slowedDown == 10)
        time.pass(.seconds(29.5))
        await #expect(throws: LoginRefusal.slowedDown(.seconds(1))) { try await logIn(service, user, "wrong") }
        time.pass(.seconds(0.5))
        if user == "Ada" {
            try await logIn(service, user, "correct horse")
        } else {
            await #expect(throws: LoginRefusal.wrong) { try await logIn(service, user, "correct horse") }
        }
        service.end()
    }

    /// A thousand at the same moment have no more tries than one after the other.
    @Test func attemptsAtTheSameTimeCountAsWell() async throws {
        try add("Ada", "correct horse")
        let service = try service { $0.threads = 4 }
        let refusals = await withTaskGroup(of: LoginRefusal?.self) { group in
            for number in 0..<50 {
                group.addTask {
                    do {
                        try await self.logIn(service, "Ada", "wrong \(number)")
                        return nil
                    } catch {
                        return error as? LoginRefusal
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(refusals.count { $0 == .wrong } == 5)
        #expect(refusals.count { $0 == .slowedDown(.seconds(30)) } == 45)
        service.end()
    }

    @Test func failuresSlowASourceDown() async throws {
        try add("Ada", "correct horse")
        let time = Time()
        let service = try service(time: time)
        for number in 0..<50 {
            await #expect(throws: LoginRefusal.wrong) {
                try await logIn(service, "user \(number)", "guess", source: "192.0.2.1")
            }
        }
        await #expect(throws: LoginRefusal.slowedDown(.seconds(3))) {
            try await logIn(service, "Ada", "correct horse", source: "192.0.2.1")
        }
        try await logIn(service, "Ada", "correct horse", source: "192.0.2.2")
        time.pass(.seconds(3))
        try await logIn(service, "Ada", "correct horse", source: "192.0.2.1")
        service.end()
    }

    @Test func peopleRegister() async throws {
        let service = try service { $0.maximumAccounts = 2 }
        let (ada, password) = (try UserName("Ada"), try Password(new: "correct horse"))
        try await service.register(ada, password)
        try await logIn(service, "Ada", "correct horse")
        await #expect(throws: LoginRefusal.taken) { try await service.register(ada, Password(new: "another one")) }
        try await logIn(service, "Ada", "correct horse")
        try await service.register(UserName("Bob"), password)
        await #expect(throws: LoginRefusal.full) { try await service.register(UserName("Carl"), password) }
        service.end()
    }

    @Test func registrationsOfASourceAreSlowedDown() async throws {
        let service = try service()
        let password = try Password(new: "correct horse")
        for number in 0..<50 {
            try await service.register(UserName("user \(number % 40)"), password, source: "a", ignoring: .taken)
        }
        await #expect(throws: LoginRefusal.slowedDown(.seconds(3))) {
            try await service.register(UserName("more"), password, source: "a")
        }
        try await service.register(UserName("more"), password, source: "b")
        service.end()
    }

    @Test func aHashGetsTheCostOfTheSettings() async throws {
        try add("Ada", "correct horse", cost: 11)
        let service = try service()
        await #expect(throws: LoginRefusal.wrong) { try await logIn(service, "Ada", "wrong") }
        let command = try AccountStore(folder.file(), for: .command)
        let ada = try UserName("Ada")
        #expect(try command.account(ada)?.hash.hasPrefix("$scrypt$ln=11,") == true)
        try await logIn(service, "Ada", "correct horse")
        #expect(try command.account(ada)?.hash.hasPrefix("$scrypt$ln=10,") == true)
        try await logIn(service, "Ada", "correct horse")
        service.end()
    }

    @Test func whoWaitsWithoutRoomIsTold() async throws {
        try add("Ada", "correct horse", cost: 15)
        let service = try service(cost: 15) {
            $0.threads = 1
            $0.waiting = 1
        }
        let refusals = await withTaskGroup(of: LoginRefusal?.self) { group in
            for number in 0..<20 {
                group.addTask {
                    do {
                        try await self.logIn(service, "user \(number)", "guess")
                        return nil
                    } catch {
                        return error as? LoginRefusal
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(refusals.contains(.wrong))
        #expect(refusals.contains(.busy))
        #expect(Set(refusals) == [.wrong, .busy])
        #expect(service.statistics.turnedAway == refusals.count { $0 == .busy })
        try await logIn(service, "Ada", "correct horse")
        service.end()
    }

    @Test func aFileThatFailsMeanwhileIsToldOf() async throws {
        try add("Ada", "correct horse")
        let service = try service()
        try await logIn(service, "Ada", "correct horse")
        let command = try AccountStore(folder.file(), for: .command)
        try command.write { try $0.execute(sql: "DROP TABLE account") }
        for _ in 0..<10 {
            await #expect(throws: LoginRefusal.unavailable) { try await logIn(service, "Ada", "correct horse") }
        }
        #expect(service.statistics.failed == 0)
        service.end()
    }
}

extension AccountService {
    fileprivate func register(_ name: UserName, _ password: Password, source: String, ignoring: LoginRefusal)
        async throws
    {
        do throws(LoginRefusal) {
            try await register(name, password, source: source)
        } catch  where error == ignoring {
        }
    }
}

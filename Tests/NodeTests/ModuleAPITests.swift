import Glibc
import MqantTesting
import ServiceLifecycle
import Synchronization
import Testing

/// What a module author has besides registering and calling by name.
@Suite(.timeLimit(.minutes(1))) struct ModuleAPITests {
    /// Counts and greets; has a component of its own.
    private struct Counter: Module {
        static let type: ModuleType = "Counter"
        static let increase = Function<Int, Int>(type, "increase")

        private let total = Total()

        init(settings: UncheckedSettings, context: ModuleContext) {}

        var components: [any ModuleComponent] { [total] }

        func register(on server: RPCServer) throws {
            try server.register(Self.increase) { [total] amount in total.add(amount) }
        }
    }

    /// The part of a Counter that keeps the number.
    private final class Total: ModuleComponent {
        private let value = Mutex(0)

        func add(_ amount: Int) -> Int {
            value.withLock { value in
                value += amount
                return value
            }
        }

        func register(on server: RPCServer) throws {
            try server.register("total") { [self] () in add(0) }
            try server.register("hash", options: .blocking) { (text: String) in
                usleep(1000)
                return String(text.reversed())
            }
        }
    }

    private struct Caller: Module {
        static let type: ModuleType = "Caller"

        struct Settings: ModuleSettings {
            var ticks: Int
            init(reading settings: inout SettingsReader) { ticks = settings.int("Ticks", in: 0...100, default: 0) }
        }

        private struct Enough: Error {}

        private let settings: Settings
        private let context: ModuleContext
        private let paces = AsyncStream<Pace>.makeStream()

        init(settings: Settings, context: ModuleContext) {
            self.settings = settings
            self.context = context
        }

        func register(on server: RPCServer) throws {
            try server.register("Handler_Increase") { (_: Session, amount: Int) in
                try await context.call(Counter.increase, amount)
            }
            try server.register("Handler_Pick") { (_: Session, amount: Int) in
                let counter = try context.pick(Counter.type)
                let _: Int = try await counter.call("increase", amount)
                let total: Int = try await counter.call("total")
                return ["\(counter.instance)", "\(context.servers(of: Counter.type).map(\.instance))", "\(total)"]
            }
            try server.register("Handler_Ticks") { (_: Session, _: Int) in
                for await pace in paces.stream where pace.runs == settings.ticks { return Int(pace.runs) }
                return 0
            }
            try server.register("Handler_CallAll") { (session: Session) in
                try await session.bind("Ada")
                try context.cast(.all(Counter.type), "increase", 2)
                let totals = try await context.callAll(Counter.type, "increase", 0, returning: Int.self)
                let hashes: [InstanceID: Result<String, RPCError>] =
                    try await context.callAll(Counter.type, "hash", "abc")
                return try totals.map { "\($0) \(try $1.get())" } + hashes.map { "\($0) \(try $1.get())" }
            }
            try server.register("Handler_Disconnect") { (_: Session, user: String) in
                try await context.disconnect(user: user, reason: "enough")
            }
            try server.register("Handler_PickNobody") { (_: Session, _: Int) in
                try context.pick("Nobody").instance.rawValue
            }
        }

        func run() async throws {
            try await context.every(.milliseconds(1)) { pace in paces.continuation.yield(pace) }
        }
    }

    @Test func functionsAreCalledByTypedReferences() async throws {
        try await Server.test(Caller.self, others: [Counter.self]) { server in
            let client = try await server.client()
            #expect(try await client.request("Caller/Handler_Increase", 3, returning: Int.self) == 3)
            #expect(try await client.request("Caller/Handler_Increase", 4, returning: Int.self) == 7)
        }
    }

    @Test func anInstanceIsPickedForSeveralCalls() async throws {
        try await Server.test(Caller.self, others: [Counter.self]) { server in
            let client = try await server.client()
            let answer: [String] = try await client.request("Caller/Handler_Pick", 5)
            #expect(answer == ["test:Counter", "[test:Counter]", "5"])
            await #expect(throws: TestClient.Refusal(message: "Service(type:Nobody) not found")) {
                try await client.request("Caller/Handler_PickNobody", 0)
            }
        }
    }

    @Test func allInstancesAreCalled() async throws {
        try await Server.test(Caller.self, others: [Counter.self]) { server in
            let answer: [String] = try await server.client().request("Caller/Handler_CallAll", "anything")
            // Its cast came first, to the same thread or to another: both totals are right.
            #expect(["test:Counter 2", "test:Counter 0"].contains(answer.first))
            #expect(answer.last == "test:Counter cba")
        }
    }

    @Test func aUserIsDisconnected() async throws {
        try await Server.test(Caller.self, others: [Counter.self]) { server in
            let (ada, other) = (try await server.client(user: "Ada"), try await server.client())
            #expect(try await other.request("Caller/Handler_Disconnect", "Ada", returning: Bool.self))
            let push = try await ada.nextPush()
            #expect(push.topic == "Gate/OnKick" && push.text == #"{"reason":"enough"}"#)
            try await ada.closed()
            #expect(try await !other.request("Caller/Handler_Disconnect", "Bob", returning: Bool.self))
        }
    }

    @Test func workIsRepeatedUntilTheEnd() async throws {
        try await Server.test(Caller.self, settings: #"{ "Ticks": 5 }"#, others: [Counter.self]) { server in
            let client = try await server.client()
            #expect(try await client.request("Caller/Handler_Ticks", 0, returning: Int.self) == 5)
        }
    }

    @Test func twoModulesOfOneTypeAreRefused() async throws {
        let error = await #expect(throws: ConfigurationError.self) {
            try await Server.test(Counter.self, others: [Counter.self]) { _ in }
        }
        #expect(
            error?.faults.first?.message == "two modules of this program have the type Counter: Counter stands twice")
    }

    /// A service that the modules need.
    private struct Database: Service {
        let events: EventList

        func run() async throws {
            events.append("database runs")
            try await gracefulShutdown()
            events.append("database ends")
        }
    }

    @Test func servicesEndAfterTheModules() async throws {
        let events = EventList()
        let server = try Server(
            modules: [Counter.self],
            configuration: .text(#"{ "Module": { "Counter": [ { "Id": "c", "Host": "127.0.0.1" } ] } }"#),
            host: "127.0.0.1", services: [Database(events: events)],
            logger: Logger(label: "test") { _ in EventLogHandler(events) })
        let group = ServiceGroup(services: [server], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            await events.wait { $0.contains("database runs") && $0.contains("RPCServer listening id(c)") }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(events.all.last == "database ends")
    }
}

/// Lines that come from any thread, and who waits for them.
private final class EventList: Sendable {
    private let lines = Mutex<[String]>([])
    private let changes = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    var all: [String] { lines.withLock { $0 } }

    func append(_ line: String) {
        lines.withLock { $0.append(line) }
        changes.continuation.yield()
    }

    func wait(until isThere: ([String]) -> Bool) async {
        if isThere(all) { return }
        for await _ in changes.stream where isThere(all) { return }
    }
}

/// Notes messages.
private struct EventLogHandler: LogHandler {
    let events: EventList
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(_ events: EventList) { self.events = events }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { events.append("\(event.message)") }
}

import Logging
import MqantServer
import ServiceLifecycle
import Synchronization
import Testing

/// The life of modules: construct, register, run, shut down in reverse, whatever fails.
@Suite(.timeLimit(.minutes(3))) struct LifeCycleTests {
    /// What happened, in order.
    private static let events = EventLog()

    final class EventLog: Sendable {
        private let events = Mutex<[String]>([])

        func add(_ event: String) { events.withLock { $0.append(event) } }

        func take(_ prefix: String) -> [String] {
            events.withLock { $0.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) } }
        }
    }

    private struct Failure: Error {}

    /// Does what its settings say, and tells of it.
    private struct Recorder: Module {
        static let type: ModuleType = "Recorder"

        struct Settings: ModuleSettings {
            var name: String
            var failsIn: String

            init(reading settings: inout SettingsReader) {
                name = settings.string("Name", default: "")
                failsIn = settings.string("FailsIn", default: "")
            }
        }

        private let context: ModuleContext
        private let name: String
        private let failsIn: String

        init(settings: Settings, context: ModuleContext) async throws {
            self.context = context
            (name, failsIn) = (settings.name, settings.failsIn)
            try note("init")
        }

        func register(on server: RPCServer) throws {
            try server.register("echo") { (text: String) in text }
            if failsIn == "taken" { try server.register("echo") { (text: String) in text } }
            try note("register")
        }

        func run() async throws {
            if failsIn == "run" {
                // Calls are served by now, one's own among them.
                let text: String = try await context.call(.instance(context.instance), "echo", "hello")
                try note("run \(text)")
                throw Failure()
            }
            try await gracefulShutdownOrCancellation()
        }

        func shutdown() async { LifeCycleTests.events.add("\(name) shutdown \(context.instance)") }

        private func note(_ event: String) throws {
            LifeCycleTests.events.add("\(name) \(event) \(context.instance)")
            if event == failsIn { throw Failure() }
        }

        private func gracefulShutdownOrCancellation() async throws {
            let (stream, _) = AsyncStream<Void>.makeStream()
            await withTaskGroupUntilShutdown(stream)
        }

        private func withTaskGroupUntilShutdown(_ stream: AsyncStream<Void>) async {
            for await _ in stream.cancelOnGracefulShutdown() {}
        }
    }

    private func run(_ test: String, _ failures: [String]) async throws {
        let entries = failures.enumerated().map { index, failure in
            #"{ "Id": "r\#(index)", "Host": "127.0.0.1", "Settings": { "Name": "\#(test)", "FailsIn": "\#(failure)" } }"#
        }
        let server = try Server(
            modules: [Recorder.self],
            configuration: .text(#"{ "Module": { "Recorder": [ \#(entries.joined(separator: ",")) ] } }"#),
            host: "127.0.0.1", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await server.run()
    }

    @Test func aModuleThatFailsToStartIsNamedAndTheOthersAreShutDown() async throws {
        let error = await #expect(throws: ModuleFailure.self) { try await run("start", ["", "", "init", ""]) }
        #expect(error?.instance == "r2")
        #expect(
            Self.events.take("start ") == [
                "init r0", "register r0", "init r1", "register r1", "init r2", "shutdown r1", "shutdown r0",
            ])
    }

    @Test func aModuleThatFailsToRegisterIsShutDownToo() async throws {
        let error = await #expect(throws: ModuleFailure.self) { try await run("register", ["", "register"]) }
        #expect(error?.instance == "r1")
        #expect(
            Self.events.take("register ") == [
                "init r0", "register r0", "init r1", "register r1", "shutdown r1", "shutdown r0",
            ])
    }

    @Test func aFunctionThatIsRegisteredTwiceEndsTheStartInOneLine() async throws {
        let error = await #expect(throws: ModuleFailure.self) { try await run("taken", ["", "taken"]) }
        #expect(error?.description == "module r1 failed in register: function echo is registered twice")
        #expect(Self.events.take("taken ").suffix(2) == ["shutdown r1", "shutdown r0"])
    }

    /// A module with one component twice.
    private struct Doubled: Module {
        static let type: ModuleType = "Doubled"

        private struct Part: ModuleComponent {
            func register(on server: RPCServer) throws { try server.register("part") { 1 } }
        }

        private let rosters: [Roster]

        init(settings: UncheckedSettings, context: ModuleContext) {
            rosters = context.instance == "rosters" ? (0..<2).map { _ in Roster(context: context) { _ in } } : []
        }

        var components: [any ModuleComponent] { rosters.isEmpty ? [Part(), Part()] : rosters }
    }

    @Test(arguments: [("parts", "part"), ("rosters", "$present")])
    func componentsThatRegisterOneNameTwiceEndTheStart(id: String, function: String) async throws {
        let server = try Server(
            modules: [Doubled.self],
            configuration: .text(#"{ "Module": { "Doubled": [ { "Id": "\#(id)", "Host": "127.0.0.1" } ] } }"#),
            host: "127.0.0.1", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let error = await #expect(throws: ModuleFailure.self) { try await server.run() }
        #expect(error?.description == "module \(id) failed in register: function \(function) is registered twice")
    }

    @Test func aModuleWhoseRunThrowsEndsAllOthers() async throws {
        let error = await #expect(throws: ModuleFailure.self) { try await run("run", ["", "run", ""]) }
        #expect(error?.instance == "r1")
        #expect(error?.phase == .run)
        let events = Self.events.take("run ")
        #expect(events.prefix(6) == ["init r0", "register r0", "init r1", "register r1", "init r2", "register r2"])
        #expect(events.contains("run hello r1"))
        // The one that failed first, then the others in reverse.
        #expect(events.suffix(3) == ["shutdown r1", "shutdown r2", "shutdown r0"])
    }
}

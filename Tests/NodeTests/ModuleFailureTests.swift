import Logging
import MqantServer
import ServiceLifecycle
import Testing

/// What is wrong with a module is one line that names it, and what it was at.
@Suite(.timeLimit(.minutes(1))) struct ModuleFailureTests {
    private struct Failure: Error, CustomStringConvertible {
        var description: String { "no more tables" }
    }

    /// Throws where its settings say so.
    private struct Faulty: Module {
        static let type: ModuleType = "Faulty"

        struct Settings: ModuleSettings {
            var phase: String

            init(reading settings: inout SettingsReader) {
                phase = settings.string("Phase", default: "")
                if phase == "Settings" { settings.fault(at: "Phase", "is none") }
            }
        }

        private struct Part: ModuleComponent {
            let phase: String

            func register(on server: RPCServer) throws {
                if phase == "component's register" { throw Failure() }
            }

            func run() async throws {
                if phase == "component's run" { throw Failure() }
            }
        }

        private let phase: String

        init(settings: Settings, context: ModuleContext) throws {
            phase = settings.phase
            if phase == "init" { throw Failure() }
        }

        var components: [any ModuleComponent] { [Part(phase: phase)] }

        func register(on server: RPCServer) throws {
            if phase == "register" { throw Failure() }
        }

        func run() async throws {
            if phase == "run" { throw Failure() }
        }
    }

    /// Another module with the same type.
    private struct Impostor: Module {
        static let type: ModuleType = "Faulty"
        init(settings: UncheckedSettings, context: ModuleContext) {}
    }

    private static func server(
        _ settings: String = "{}", modules: [any Module.Type] = [Faulty.self], logger: Logger = .silent
    ) throws -> Server {
        let text = #"{ "Module": { "Faulty": [ { "Id": "f1", "Host": "127.0.0.1", "Settings": \#(settings) } ] } }"#
        return try Server(
            name: "my-game", modules: modules, configuration: .text(text), host: "127.0.0.1", logger: logger)
    }

    @Test(arguments: [
        ("init", "init"), ("register", "register"), ("component's register", "register"), ("run", "run"),
        ("component's run", "run"),
    ])
    func instanceAndPhaseAreNamed(fails: String, phase: String) async throws {
        let server = try Self.server(#"{ "Phase": "\#(fails)" }"#)
        let failure = await #expect(throws: ModuleFailure.self) { try await server.run() }
        #expect(failure.map { "\($0)" } == "module f1 failed in \(phase): no more tables")
    }

    @Test(arguments: [
        (#"{ "Phase": "Settings" }"#, ":1:85: Module.Faulty[0].Settings.Phase: is none"),
        ("5", ":1:74: Module.Faulty[0].Settings: must be an object, but is a number"),
        ("[]", ":1:74: Module.Faulty[0].Settings: must be an object, but is an array"),
        (#""x""#, ":1:74: Module.Faulty[0].Settings: must be an object, but is a string"),
        ("true", ":1:74: Module.Faulty[0].Settings: must be an object, but is true"),
        (#"{ "Phase": 5 }"#, ":1:85: Module.Faulty[0].Settings.Phase: must be a string, but is a number"),
        (#"{ "Phase": null }"#, nil), ("null", nil),
    ])
    func settingsOfTheWrongKindAreOneLine(settings: String, line: String?) {
        do {
            _ = try Self.server(settings)
            #expect(line == nil)
        } catch {
            #expect("\(error)" == "server.conf\(line ?? "")")
        }
    }

    @Test func aServerThatStartsNothingSaysSoAndWhy() async throws {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        let server = try Server(
            modules: [Faulty.self],
            configuration: .text(#"{ "Module": { "Fautly": [ { "Id": "f1", "Host": "127.0.0.1" } ] } }"#),
            host: "127.0.0.1", logger: Logger(label: "test") { _ in WarningHandler(lines: continuation) })
        let group = ServiceGroup(services: [server], logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { continuation.finish() }
                try await group.run()
            }
            var warnings: [String] = []
            for await line in lines {
                warnings.append(line)
                if warnings.count == 2 { await group.triggerGracefulShutdown() }
            }
            #expect(
                warnings == [
                    "no module of the configuration starts on this machine",
                    "no such module type in this program: another one must serve it instance=f1 nearest=Faulty "
                        + "type=Fautly",
                ])
            try await tasks.waitForAll()
        }
    }

    @Test func twoModulesOfOneTypeAreNamed() {
        let two = #expect(throws: ConfigurationError.self) {
            try Self.server(modules: [Faulty.self, Impostor.self])
        }
        #expect(
            two.map { "\($0)" } == "my-game: two modules of this program have the type Faulty: Faulty and Impostor")
        let twice = #expect(throws: ConfigurationError.self) { try Self.server(modules: [Faulty.self, Faulty.self]) }
        #expect(
            twice.map { "\($0)" }
                == "my-game: two modules of this program have the type Faulty: Faulty stands twice")
    }
}

/// Hands warnings on, with what belongs to them.
private struct WarningHandler: LogHandler {
    let lines: AsyncStream<String>.Continuation
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    init(lines: AsyncStream<String>.Continuation) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let items = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
        lines.yield("\(event.message)\(items.joined())")
    }
}

extension Logger {
    fileprivate static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

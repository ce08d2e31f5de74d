import ArgumentParser
import Glibc

struct ScriptCommand: LoadCommand {
    static let configuration = CommandConfiguration(
        commandName: "script",
        abstract: "Each client goes through the steps of a file.",
        discussion: """
            A step a line: \(StepParser.steps).

              connect
              request Login/Handler_Login {"userName":"{user}","passWord":"x"}
              repeat 10                                # without a number: until --duration is over
                pause 0.5-1.5
                request Table/Handler_Play {"card":{random:1-52}}
                wait Table/OnPlay {user}               # a push on a topic, that contains a text
              end

            The run ends when all clients have, or after --duration. Placeholders: \(Template.placeholders).
            """)

    @OptionGroup var common: CommonOptions
    @Option(help: "How many rooms {room} goes through.")
    var rooms = 1
    @Argument(help: "The file.")
    var file: String

    func plan() throws -> LoadPlan {
        guard (1...1_000_000).contains(rooms) else { throw ValidationError("--rooms is 1 to 1000000, not \(rooms)") }
        guard let text = Self.read(file) else {
            throw ValidationError("cannot read \(file): \(String(cString: strerror(errno)))")
        }
        let script: Script
        do throws(Script.Fault) { script = try Script(text, names: common.names()) } catch {
            throw ValidationError("\(file), \(error)")
        }
        var plan = common.plan(.script(script), setup: [], rooms: rooms)
        // There is nothing to warm up: the script has its own beginning.
        plan.warmUp = 0
        return plan
    }

    private static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 20 {
            let count = fread(&piece, 1, piece.count, file)
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    func figures(_ outcome: Coordinator.Outcome) -> Figures {
        var figures = Figures()
        figures.add("seconds", outcome.elapsedSeconds)
        figures.add("done", outcome.report["done"])
        figures.add("steps", outcome.report["steps"])
        let prefix = "step "
        let steps = outcome.report.latencies.filter { $0.key.hasPrefix(prefix) }
            .map { (String($0.key.dropFirst(prefix.count)), $0.value) }
            .sorted { Self.line($0.0) < Self.line($1.0) }
        figures.add(
            "step",
            steps.map { name, histogram in
                var row = Figures(name)
                row.add("count", histogram.count)
                row.add(histogram)
                return row
            })
        return figures
    }

    private static func line(_ name: String) -> Int { Int(name.prefix { $0.isNumber }) ?? 0 }

    func errors(_ report: WorkerReport) -> [(name: String, count: UInt64)] {
        [("wrong", report["wrong"]), ("unanswered", report["unanswered"]), ("closed", report["closed"])]
    }
}

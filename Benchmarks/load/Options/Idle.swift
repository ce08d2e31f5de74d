import ArgumentParser

struct Idle: LoadCommand {
    static let configuration = CommandConfiguration(
        abstract: "Holds connections that do nothing: what one costs the server in memory.",
        discussion: "With --watch the memory is told of before the first connection and at the end of --duration.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var login: LoginOptions
    @OptionGroup var join: JoinOptions
    @Flag(name: .customLong("join"), help: "Clients join rooms as well.")
    var joins = false

    func plan() throws -> LoadPlan {
        let names = common.names()
        let setup = try login.steps(names) + (joins ? [try join.step(names)] : [])
        return common.plan(.idle, setup: setup, rooms: join.rooms)
    }

    func figures(_ outcome: Coordinator.Outcome) -> Figures {
        var figures = Figures()
        figures.add("seconds", common.duration)
        figures.add("open", outcome.report["open"])
        figures.add("connections_per_s", Double(outcome.ready) / max(outcome.setupSeconds, 0.001))
        if !outcome.watched.isEmpty {
            let grown = outcome.watched.map { Double($0.kilobytes) - Double($0.kilobytesBefore) }.reduce(0, +)
            figures.add("bytes_per_connection", grown * 1024 / Double(max(outcome.ready, 1)))
        }
        return figures
    }

    func errors(_ report: WorkerReport) -> [(name: String, count: UInt64)] { [("closed", report["closed"])] }
}

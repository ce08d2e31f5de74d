import ArgumentParser
import Glibc

/// A kind of load.
protocol LoadCommand: ParsableCommand {
    var common: CommonOptions { get }
    func plan() throws -> LoadPlan
    /// What of the outcome is told, the common figures left out.
    func figures(_ outcome: Coordinator.Outcome) -> Figures
    /// What has gone wrong, with how often.
    func errors(_ report: WorkerReport) -> [(name: String, count: UInt64)]
}

extension LoadCommand {
    func validate() throws { _ = try plan() }

    func run() throws {
        let plan = try plan()
        if let worker = common.worker { return try Worker(plan, process: worker).run() }
        let coordinator = Coordinator(plan: plan, arguments: Array(CommandLine.arguments.dropFirst()))
        let outcome: Coordinator.Outcome
        do { outcome = try coordinator.run() } catch { throw LoadFailure(error) }
        var errors = errors(outcome.report)
        errors.append(("failed", UInt64(outcome.failed)))
        var figures = Figures()
        figures.add("connections", UInt64(max(outcome.ready, plan.endsByItself ? plan.connections : 0)))
        figures.append(self.figures(outcome))
        for (name, count) in errors { figures.add(name, count) }
        if !plan.endsByItself { figures.add("setup_s", outcome.setupSeconds) }
        figures.add("generator_cpu_s", Double(outcome.report["cpu"]) / 1e6)
        if !outcome.watched.isEmpty { figures.add("server", outcome.watched.map(Self.row)) }
        print(common.json ? figures.json : figures.lines.joined(separator: "\n"))
        for (fault, times) in outcome.report.faults.sorted(by: { $0.value > $1.value }).prefix(5) {
            complain("\(times) × \(fault)")
        }
        if errors.contains(where: { $0.count > 0 }) { throw ExitCode.failure }
    }

    private static func row(_ watched: Coordinator.Watched) -> Figures {
        var row = Figures("\(watched.id)")
        row.add("cpu_s", watched.seconds)
        row.add("rss_before_kib", watched.kilobytesBefore)
        row.add("rss_kib", watched.kilobytes)
        return row
    }

    private func complain(_ text: String) {
        fflush(nil)
        let line = Array("mqantload: \(text)\n".utf8)
        _ = write(2, line, line.count)
    }
}

/// What a person is told when there are no figures.
struct LoadFailure: Error, CustomStringConvertible {
    let description: String

    init(_ error: any Error) { description = "\(error)" }
}

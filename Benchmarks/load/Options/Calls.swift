import ArgumentParser

struct Calls: LoadCommand {
    static let configuration = CommandConfiguration(
        abstract: "Calls a function: closed loops, or with --rate an open one.",
        discussion: """
            A closed loop sends the next call when an answer comes. An open loop sends calls when they are due, \
            whatever became of those before, and counts a latency from that moment.

            Placeholders in topics and payloads: \(Template.placeholders).
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var login: LoginOptions
    @Option(help: "The function, as MODULE/FUNCTION; a message id is added.")
    var topic: String
    @Option(help: "The payload.")
    var payload = "{}"
    @Option(help: "Calls that each client has out.")
    var outstanding = 1
    @Option(help: "Calls a second of all clients together: an open loop.")
    var rate: Double?

    func plan() throws -> LoadPlan {
        guard (1...10_000).contains(outstanding) else {
            throw ValidationError("--outstanding is 1 to 10000, not \(outstanding)")
        }
        if let rate {
            guard (0.1...10_000_000).contains(rate) else {
                throw ValidationError("--rate is 0.1 to 10000000, not \(rate)")
            }
            guard outstanding == 1 else { throw ValidationError("--outstanding is for closed loops, without --rate") }
        }
        let names = common.names()
        let calls = CallLoad.Plan(
            topic: try Template(topic, of: "--topic", names: names),
            payload: try Template(payload, of: "--payload", names: names),
            answer: Answer(expected: Array(common.ok.utf8)),
            qos: UInt8(common.qos), outstanding: outstanding, rate: rate, timeout: Clock.nanoseconds(common.timeout))
        return common.plan(.calls(calls), setup: try login.steps(names))
    }

    func figures(_ outcome: Coordinator.Outcome) -> Figures {
        var figures = Figures()
        if let rate { figures.add("rate", rate) } else { figures.add("outstanding", UInt64(outstanding)) }
        figures.add("seconds", common.duration)
        figures.add("calls", outcome.report["answers"])
        figures.add("calls_per_s", Double(outcome.report["answers"]) / common.duration)
        figures.add(outcome.report.latencies["latency"])
        return figures
    }

    func errors(_ report: WorkerReport) -> [(name: String, count: UInt64)] {
        ["wrong", "unanswered", "unsent", "closed"].map { ($0, report[$0]) }
    }
}

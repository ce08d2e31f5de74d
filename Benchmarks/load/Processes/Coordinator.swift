import Glibc

/// Starts the processes of a load, has them begin at one moment, watches the server meanwhile, and adds up what they
/// report.
struct Coordinator {
    struct Outcome {
        var report = WorkerReport()
        var ready = 0
        var failed = 0
        /// How long it took until all clients were there, in seconds.
        var setupSeconds = 0.0
        var watched: [Watched] = []
        /// The longest of all processes, with the waiting at the end; seconds.
        var elapsedSeconds = 0.0
    }

    /// A process of the server.
    struct Watched {
        var id: Int32
        /// In the measured time.
        var seconds: Double
        /// Before the first connection, and at the end of the measured time.
        var kilobytesBefore: UInt64
        var kilobytes: UInt64
    }

    let plan: LoadPlan
    let arguments: [String]

    func run() throws -> Outcome {
        signal(SIGPIPE, SIG_IGN)
        var outcome = Outcome()
        let before = plan.watched.map { ProcessUsage(of: $0) }
        var workers: [WorkerProcess] = []
        for number in 0..<plan.processes { workers.append(try WorkerProcess(number, arguments: arguments)) }
        for worker in workers { try awaitSetup(of: worker, &outcome) }
        guard outcome.ready > 0 || plan.endsByItself else { return outcome }
        let start = Clock.now + Clock.second / 20
        for worker in workers { worker.tell("go \(start)") }
        let window = MeasuredWindow(start: start, warmUp: plan.warmUp, duration: plan.duration)
        Clock.sleep(until: window.measured.lowerBound)
        let atStart = plan.watched.map { ProcessUsage(of: $0) }
        // A moment before the end, for then the clients go.
        if !plan.endsByItself { Clock.sleep(until: window.end - Clock.second / 100) }
        var atEnd = plan.watched.map { ProcessUsage(of: $0) }
        for worker in workers { try collect(worker, &outcome) }
        if plan.endsByItself { atEnd = plan.watched.map { ProcessUsage(of: $0) } }
        for (index, id) in plan.watched.enumerated() {
            outcome.watched.append(
                Watched(
                    id: id, seconds: atEnd[index].seconds - atStart[index].seconds,
                    kilobytesBefore: before[index].kilobytes, kilobytes: atEnd[index].kilobytes))
        }
        return outcome
    }

    private func awaitSetup(of worker: WorkerProcess, _ outcome: inout Outcome) throws {
        let fields = worker.nextLine()?.split(separator: " ").map(String.init) ?? []
        guard fields.count == 4, fields[0] == "ready", let ready = Int(fields[1]), let failed = Int(fields[2]),
            let nanoseconds = UInt64(fields[3])
        else { throw WorkerProcess.Failure(description: "a process of the generator ended before it was ready") }
        outcome.ready += ready
        outcome.failed += failed
        outcome.setupSeconds = max(outcome.setupSeconds, Double(nanoseconds) / Double(Clock.second))
        while let line = worker.nextLine(), line != "set up" { try outcome.report.add(line) }
    }

    private func collect(_ worker: WorkerProcess, _ outcome: inout Outcome) throws {
        let before = outcome.report["elapsed"]
        while let line = worker.nextLine() {
            guard line != "end" else {
                let elapsed = outcome.report["elapsed"] - before
                outcome.elapsedSeconds = max(outcome.elapsedSeconds, Double(elapsed) / Double(Clock.second))
                return
            }
            try outcome.report.add(line)
        }
        throw WorkerProcess.Failure(description: "a process of the generator ended before it had reported")
    }
}

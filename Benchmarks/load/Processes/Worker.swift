import Glibc

/// One process of the load: connects its clients, says that it is ready, waits for the moment, does its part, and
/// reports.
struct Worker {
    private let plan: LoadPlan
    private let numbering: ClientNumbering
    private let pool: ConnectionPool

    init(_ plan: LoadPlan, process: Int) throws(ConnectionFault) {
        self.plan = plan
        numbering = plan.numbering(of: process)
        pool = try ConnectionPool(count: numbering.count, plan.pool)
    }

    func run() {
        let began = Clock.now
        let setup = ClientSetup(pool, setupPlan(began))
        while !isScript, !setup.isDone {
            pool.poll(until: setup.tick(now: Clock.now), setup)
            checkParent()
        }
        settle(setup)
        let clients = setup.ready.sorted()
        print("ready \(clients.count) \(setup.failed) \(Clock.now - began)")
        for (fault, times) in setup.log.faults { print("fault \(times) \(fault)") }
        print("set up")
        fflush(nil)
        guard let start = waitForStart(setup) else { return }
        let window = MeasuredWindow(start: start, warmUp: plan.warmUp, duration: plan.duration)
        switch plan.kind {
        case .calls(let calls): run(CallLoad(pool, calls, numbering, window, clients: clients), window)
        case .rooms(let rooms): run(RoomLoad(pool, rooms, numbering, window, clients: clients), window)
        case .idle: run(IdleLoad(pool, clients: clients), window)
        case .script(let script): run(ScriptLoad(pool, scriptPlan(script), numbering, window), window)
        }
    }

    private var isScript: Bool { plan.endsByItself }
    /// Waits until members have heard of all who joined: that is another load than the one to be measured.
    private func settle(_ setup: ClientSetup) {
        guard case .rooms = plan.kind else { return }
        let latest = Clock.now + timeout
        while Clock.now < min(latest, setup.lastHeard + Clock.second / 5) {
            pool.poll(until: min(latest, setup.lastHeard + Clock.second / 5), setup)
            checkParent()
        }
    }

    /// This process's share of what all may do at once.
    private var atOnce: Int { max(1, plan.atOnce / plan.processes) }
    private var timeout: UInt64 { Clock.nanoseconds(plan.timeout) }

    private func setupPlan(_ now: UInt64) -> ClientSetup.Plan {
        ClientSetup.Plan(
            numbering: numbering, names: plan.names, steps: plan.setup, answer: plan.answer, rooms: plan.rooms,
            qos: plan.qos, atOnce: atOnce,
            ramp: RampSchedule(clients: numbering.count, start: now, length: Clock.nanoseconds(plan.ramp)),
            timeout: timeout)
    }

    private func scriptPlan(_ script: Script) -> ScriptLoad.Plan {
        ScriptLoad.Plan(
            script: script, names: plan.names, rooms: plan.rooms, answer: plan.answer, qos: plan.qos, atOnce: atOnce,
            ramp: Clock.nanoseconds(plan.ramp), timeout: timeout)
    }

    /// The process that started this one is gone: nobody wants the figures.
    private func checkParent() {
        guard pool.hasControl else { return }
        pool.takeControl()
        var byte: UInt8 = 0
        if read(0, &byte, 1) == 0 { exit(3) }
    }

    /// - Returns: when the load begins; nil: never.
    private func waitForStart(_ setup: ClientSetup) -> UInt64? {
        while !pool.hasControl {
            let now = Clock.now
            pool.keepAlive(now: now, setup)
            pool.poll(until: now + Clock.second, setup)
        }
        pool.takeControl()
        var reader = LineReader(0)
        guard let line = reader.next(), line.hasPrefix("go ") else { return nil }
        return UInt64(line.dropFirst(3))
    }

    private func run<Load: Workload>(_ load: Load, _ window: MeasuredWindow) {
        Clock.sleep(until: window.start)
        load.begin(now: Clock.now)
        var nextPing = window.start + Clock.second
        var (usedBefore, used): (UInt64?, UInt64?)
        var isStopped = false
        while true {
            let now = Clock.now
            if usedBefore == nil, now >= window.measured.lowerBound { usedBefore = ProcessUsage.ownMicroseconds }
            if !isStopped, now >= window.end || load.hasEnded {
                used = ProcessUsage.ownMicroseconds
                load.stop(now: now)
                isStopped = true
            }
            if isStopped, load.isDone || now >= window.end + timeout { break }
            if now >= nextPing {
                pool.keepAlive(now: now, load)
                nextPing = now + Clock.second
            }
            let due = load.tick(now: now)
            let boundary =
                isStopped ? window.end + timeout : usedBefore == nil ? window.measured.lowerBound : window.end
            pool.poll(until: min(due, nextPing, boundary), load)
            checkParent()
        }
        var report = WorkerReport()
        load.fill(&report)
        report.counts["cpu"] = (used ?? 0) - min(used ?? 0, usedBefore ?? 0)
        report.counts["elapsed"] = Clock.now - window.start
        for line in report.lines { print(line) }
        print("end")
        fflush(nil)
    }
}

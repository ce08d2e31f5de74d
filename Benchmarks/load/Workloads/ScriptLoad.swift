import HeapModule

/// Clients that each go through the steps of a script.
final class ScriptLoad: Workload {
    struct Plan {
        var script: Script
        var names: Template.Names
        var rooms: Int
        var answer: Answer
        var qos: UInt8
        /// Clients of this process that connect at a time.
        var atOnce: Int
        /// Over how many nanoseconds the clients begin.
        var ramp: UInt64
        var timeout: UInt64
    }

    let pool: ConnectionPool
    let plan: Plan
    let numbering: ClientNumbering
    let window: MeasuredWindow
    var clients: [ScriptClient]
    var timers = Heap<ScriptTimer>()
    private var queue: [Int] = []
    var connecting = 0
    var running: Int
    var waitingForAnswers = 0
    private var isStopped = false
    let scratch = OutputBuffer()
    var latencies: [Int: LatencyHistogram] = [:]
    var done: UInt64 = 0
    private var steps: UInt64 = 0
    var wrong: UInt64 = 0
    var unanswered: UInt64 = 0
    var closedClients: UInt64 = 0
    var droppedPushes: UInt64 = 0
    var log = FaultLog()

    init(_ pool: ConnectionPool, _ plan: Plan, _ numbering: ClientNumbering, _ window: MeasuredWindow) {
        self.pool = pool
        self.plan = plan
        self.numbering = numbering
        self.window = window
        clients = Array(repeating: ScriptClient(), count: pool.count)
        running = pool.count
    }

    var isDone: Bool { waitingForAnswers == 0 }
    var hasEnded: Bool { running == 0 }

    func begin(now: UInt64) {
        let ramp = RampSchedule(clients: clients.count, start: now, length: plan.ramp)
        for client in clients.indices { wake(client, at: ramp.moment(of: client)) }
    }

    func stop(now: UInt64) { isStopped = true }

    func tick(now: UInt64) -> UInt64 {
        while let timer = timers.min, timer.moment <= now {
            timers.removeMin()
            guard clients[timer.client].wait == timer.wait else { continue }
            fire(timer.client, now)
        }
        while !queue.isEmpty, connecting < plan.atOnce { connect(queue.removeFirst(), now) }
        return timers.min?.moment ?? .max
    }

    private func fire(_ client: Int, _ now: UInt64) {
        switch clients[client].state {
        case .pausing:
            run(client, now)
            pool.flush(client, now: now, self)
        case .connecting, .subscribing, .waitingForAnswer, .waitingForPush:
            unanswered += 1
            let name = plan.script.names[clients[client].position] ?? "a step"
            log.note("\(ConnectionFault.timeout("line " + name))")
            pool.close(client)
            finish(client, asPlanned: false)
        case .queueing, .done: break
        }
    }

    /// Does steps until one has to wait.
    func run(_ client: Int, _ now: UInt64) {
        while !isStopped, plan.script.steps.indices.contains(clients[client].position) {
            clients[client].began = now
            steps += 1
            switch plan.script.steps[clients[client].position] {
            case .connect:
                guard !pool.isOpen(client) else { break }
                clients[client].state = .queueing
                return queue.append(client)
            case .disconnect:
                pool.output.appendDisconnect()
                pool.flush(client, now: now, self)
                pool.close(client)
                clients[client].pushes = []
                clients[client].position += 1
                // Not here: what has come from the old connection is still being looked at.
                return wake(client, at: now)
            case .request(let topic, let payload):
                guard publish(client, topic, payload, withID: true, now) else { return }
                waitingForAnswers += 1
                return wait(client, .waitingForAnswer(clients[client].requests), now)
            case .publish(let topic, let payload):
                guard publish(client, topic, payload, withID: false, now) else { return }
            case .subscribe(let filter):
                guard isConnected(client) else { return }
                pool.output.appendSubscribe(filter, values(client), packetID: pool.nextPacketID(of: client))
                return wait(client, .subscribing, now)
            case .wait(let topic, let text):
                let (topic, text) = (rendered(topic, client), text.map { rendered($0, client) } ?? [])
                guard clients[client].takePush(topic, text) else {
                    return wait(client, .waitingForPush(topic: topic, text: text), now)
                }
                record(client, now)
            case .pause(let range):
                let length = range.upperBound - range.lowerBound
                let values = values(client, steps)
                clients[client].position += 1
                return wake(client, at: now + range.lowerBound + (length > 0 ? values.random(0) % length : 0))
            case .repeat(let times, _):
                clients[client].repeats.append(times)
            case .end(let start):
                guard let times = clients[client].repeats.popLast() else { break }
                if times != 1 {
                    clients[client].repeats.append(times.map { $0 - 1 })
                    clients[client].position = start
                }
            }
            clients[client].position += 1
        }
        guard !isStopped else { return finish(client, asPlanned: false) }
        pool.flush(client, now: now, self)
        pool.close(client)
        finish(client, asPlanned: true)
    }

    private func isConnected(_ client: Int) -> Bool {
        guard !pool.isOpen(client) else { return true }
        log.note("a step needs a connection, and there is none")
        closedClients += 1
        finish(client, asPlanned: false)
        return false
    }

    private func publish(
        _ client: Int, _ topic: Template, _ payload: Template, withID: Bool, _ now: UInt64
    ) -> Bool {
        guard isConnected(client) else { return false }
        clients[client].requests += 1
        pool.output.appendPublish(
            topic, messageID: withID ? clients[client].requests : nil, payload,
            values(client, clients[client].requests), qos: plan.qos,
            packetID: plan.qos > 0 ? pool.nextPacketID(of: client) : 0)
        return true
    }

    private func connect(_ client: Int, _ now: UInt64) {
        clients[client].began = now
        connecting += 1
        wait(client, .connecting, now)
        let number = numbering.number(of: client)
        do throws(ConnectionFault) {
            try pool.open(client, number: number, clientID: "\(plan.names.userPrefix)\(number)")
        } catch {
            closed(client, error, now: now)
        }
    }

    func fill(_ report: inout WorkerReport) {
        report.counts = [
            "done": done, "steps": steps, "wrong": wrong, "unanswered": unanswered + UInt64(waitingForAnswers),
            "closed": closedClients, "pushes dropped": droppedPushes,
        ]
        for (step, histogram) in latencies {
            guard let name = plan.script.names[step] else { continue }
            report.latencies["step \(name)"] = histogram
        }
        report.faults = log.faults
    }
}

/// Calls of all clients: closed loops, each answer making the next call, or one open loop at a rate.
final class CallLoad: Workload {
    struct Plan {
        var topic: Template
        var payload: Template
        var answer: Answer
        var qos: UInt8
        /// Calls of a client that are out at once.
        var outstanding: Int
        /// Calls a second of all processes; nil: closed loops.
        var rate: Double?
        var timeout: UInt64
    }

    /// A call that is out; number 0: none is.
    private struct Slot {
        var number: UInt64 = 0
        var sent: UInt64 = 0
    }

    /// Calls of an open loop that a client has out at most: beyond, they count as not sent.
    private static let mostOutstanding = 1024
    /// Calls of an open loop that are sent without looking for answers.
    private static let burst = 256

    private let pool: ConnectionPool
    private let plan: Plan
    private let numbering: ClientNumbering
    private let window: MeasuredWindow
    private let clients: [Int]
    private let prefix: [UInt8]
    private let capacity: Int
    private let slots: UnsafeMutablePointer<Slot>
    private let last: UnsafeMutablePointer<UInt64>
    private var schedule: OpenLoopSchedule?
    private var turn = 0
    private var nextLook: UInt64 = 0
    private var isStopped = false
    private var out = 0
    private var latency = LatencyHistogram()
    private var answers: UInt64 = 0
    private var wrong: UInt64 = 0
    private var late: UInt64 = 0
    private var unsent: UInt64 = 0
    private var closedClients: UInt64 = 0
    private var log = FaultLog()

    init(
        _ pool: ConnectionPool, _ plan: Plan, _ numbering: ClientNumbering, _ window: MeasuredWindow, clients: [Int]
    ) {
        self.pool = pool
        self.plan = plan
        self.numbering = numbering
        self.window = window
        self.clients = clients
        prefix = plan.topic.prefix
        let most = plan.rate == nil ? plan.outstanding : Self.mostOutstanding
        var capacity = 2
        while capacity < 2 * most { capacity *= 2 }
        self.capacity = capacity
        slots = .allocate(capacity: max(1, pool.count * capacity))
        slots.initialize(repeating: Slot(), count: pool.count * capacity)
        last = .allocate(capacity: max(1, pool.count))
        last.initialize(repeating: 0, count: pool.count)
    }

    deinit {
        slots.deallocate()
        last.deallocate()
    }

    // After the last answer, and where no client is left.
    var isDone: Bool { out == 0 }

    func begin(now: UInt64) {
        if let rate = plan.rate {
            schedule = OpenLoopSchedule(
                rate: rate, start: window.start, process: numbering.process, processes: numbering.processes)
        } else {
            for client in clients where pool.isOpen(client) {
                for _ in 0..<plan.outstanding { send(client, at: now) }
                pool.flush(client, now: now, self)
            }
        }
        nextLook = now + Clock.second
    }

    func tick(now: UInt64) -> UInt64 {
        if now >= nextLook {
            giveUpLateCalls(now)
            nextLook = now + Clock.second
        }
        guard !isStopped, schedule != nil else { return nextLook }
        return min(sendDue(now), nextLook)
    }

    func stop(now: UInt64) {
        isStopped = true
        // What was due before the end is due.
        while sendDue(window.end) < window.end {}
    }

    private func sendDue(_ now: UInt64) -> UInt64 {
        guard !clients.isEmpty else { return .max }
        for _ in 0..<Self.burst {
            guard let due = schedule?.take(at: min(now, window.end - 1)) else { break }
            let client = clients[turn]
            turn = turn + 1 == clients.count ? 0 : turn + 1
            guard pool.isOpen(client), send(client, at: due) else {
                if window.measured.contains(due) { unsent += 1 }
                continue
            }
            pool.flush(client, now: now, self)
        }
        return schedule?.next ?? .max
    }

    @discardableResult private func send(_ client: Int, at moment: UInt64) -> Bool {
        var number = last[client]
        var slot: Int
        var tries = 0
        repeat {
            number += 1
            tries += 1
            slot = client * capacity + Int(number & UInt64(capacity - 1))
        } while slots[slot].number != 0 && tries < capacity
        guard slots[slot].number == 0, plan.rate == nil || tries < capacity / 2 else { return false }
        last[client] = number
        slots[slot] = Slot(number: number, sent: moment)
        out += 1
        pool.output.appendPublish(
            plan.topic, messageID: number, plan.payload,
            TemplateValues(client: numbering.number(of: client), count: number, time: moment), qos: plan.qos,
            packetID: plan.qos > 0 ? pool.nextPacketID(of: client) : 0)
        return true
    }

    func received(_ publish: Publish, by client: Int, now: UInt64) {
        guard let (number, size) = Answer.messageID(of: publish.topic), size >= prefix.count,
            publish.topic[..<prefix.count].elementsEqual(prefix)
        else { return }
        let slot = client * capacity + Int(number & UInt64(capacity - 1))
        guard slots[slot].number == number else { return }
        let sent = slots[slot].sent
        slots[slot].number = 0
        out -= 1
        if plan.rate == nil ? window.measured.contains(now) : window.measured.contains(sent) {
            latency.record(now - min(now, sent))
            answers += 1
            if !plan.answer.isRight(publish.payload) {
                wrong += 1
                log.note(wrong: publish.payload)
            }
        }
        if plan.rate == nil, !isStopped, now < window.end { send(client, at: now) }
    }

    func closed(_ client: Int, _ fault: ConnectionFault, now: UInt64) {
        closedClients += 1
        log.note("\(fault)")
        for slot in slots(of: client) where slots[slot].number != 0 {
            slots[slot].number = 0
            out -= 1
        }
    }

    private func slots(of client: Int) -> Range<Int> { client * capacity..<(client + 1) * capacity }

    private func giveUpLateCalls(_ now: UInt64) {
        for client in clients {
            for slot in slots(of: client) where slots[slot].number != 0 && slots[slot].sent + plan.timeout <= now {
                slots[slot].number = 0
                out -= 1
                late += 1
                guard plan.rate == nil, !isStopped, pool.isOpen(client) else { continue }
                send(client, at: now)
                pool.flush(client, now: now, self)
            }
        }
    }

    func fill(_ report: inout WorkerReport) {
        report.counts = [
            "answers": answers, "wrong": wrong, "unanswered": late + UInt64(out), "unsent": unsent,
            "closed": closedClients,
        ]
        report.latencies["latency"] = latency
        report.faults = log.faults
    }
}

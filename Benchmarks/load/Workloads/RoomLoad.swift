import Glibc

/// Members of rooms, and speakers whose words all members of their room hear. Each delivery is counted by the member
/// that gets it.
final class RoomLoad: Workload {
    struct Plan {
        var rooms: Int
        /// The first so many clients speak.
        var speakers: Int
        /// Says of a speaker that it has not heard itself.
        var outstanding: Int
        var sayTopic: Template
        var sayPayload: Template
        var pushTopic: Template
        /// Whether a say is a request, with an answer, and not a PUBLISH to the room itself.
        var isRequest: Bool
        var answer: Answer
        var qos: UInt8
        /// The last so many clients read nothing.
        var stalled: Int
        var timeout: UInt64
    }

    private let pool: ConnectionPool
    private let plan: Plan
    private let numbering: ClientNumbering
    private let window: MeasuredWindow
    private let clients: [Int]
    /// The topic of pushes, of each room.
    private let pushTopics: [[UInt8]]
    private let prefix: [UInt8]
    /// Says of each speaker that it has not heard yet.
    private var unheard: [[UInt64]]
    private var counts: [UInt64]
    /// How many speakers of its room a member has not heard the end of.
    private var speaking: [Int]
    private var membersInRun = 0
    private var lastStamp: UInt64 = 0
    private var nextLook: UInt64 = 0
    private var isStopped = false
    private var latency = LatencyHistogram()
    private var deliveries: UInt64 = 0
    private var heard: UInt64 = 0
    private var expected: UInt64 = 0
    private var says: UInt64 = 0
    private var wrong: UInt64 = 0
    private var givenUp: UInt64 = 0
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
        let output = OutputBuffer()
        pushTopics = (0..<plan.rooms).map { room in
            output.removeAll()
            plan.pushTopic.write(to: output, TemplateValues(client: 0, room: room))
            return Array(output.bytes)
        }
        prefix = plan.sayTopic.prefix
        unheard = Array(repeating: [], count: pool.count)
        counts = Array(repeating: 0, count: pool.count)
        speaking = Array(repeating: 0, count: pool.count)
    }

    var isDone: Bool { membersInRun == 0 }

    private func room(_ client: Int) -> Int { numbering.number(of: client) % plan.rooms }
    private func isSpeaker(_ client: Int) -> Bool { numbering.number(of: client) < plan.speakers }
    private func isStalled(_ client: Int) -> Bool { numbering.number(of: client) >= numbering.total - plan.stalled }

    func begin(now: UInt64) {
        for client in clients where pool.isOpen(client) {
            guard !isStalled(client) else {
                pool.stopReading(client)
                continue
            }
            speaking[client] = ClientNumbering.members(of: room(client), rooms: plan.rooms, total: plan.speakers)
            if speaking[client] > 0 { membersInRun += 1 }
        }
        for client in clients where isSpeaker(client) && pool.isOpen(client) {
            for _ in 0..<plan.outstanding { say(client, now) }
            pool.flush(client, now: now, self)
        }
        nextLook = now + Clock.second
    }

    func tick(now: UInt64) -> UInt64 {
        if now >= nextLook {
            giveUpLostSays(now)
            nextLook = now + Clock.second
        }
        return nextLook
    }

    /// Each speaker says that it has ended: behind that, no member has anything to wait for.
    func stop(now: UInt64) {
        isStopped = true
        for client in clients where isSpeaker(client) && pool.isOpen(client) {
            send(client, .end)
            pool.flush(client, now: now, self)
        }
    }

    private func say(_ client: Int, _ now: UInt64) {
        lastStamp = max(lastStamp + 1, now)
        unheard[client].append(lastStamp)
        if window.measured.contains(lastStamp) {
            says += 1
            let members = ClientNumbering.members(of: room(client), rooms: plan.rooms, total: numbering.total)
            expected += UInt64(members)
        }
        send(client, SayStamp(lastStamp))
    }

    private func send(_ client: Int, _ stamp: SayStamp) {
        counts[client] += 1
        let values = TemplateValues(
            client: numbering.number(of: client), room: room(client), count: counts[client], time: stamp.time)
        pool.output.appendPublish(
            plan.sayTopic, messageID: plan.isRequest ? counts[client] : nil, plan.sayPayload, values, qos: plan.qos,
            packetID: plan.qos > 0 ? pool.nextPacketID(of: client) : 0)
    }

    func received(_ publish: Publish, by client: Int, now: UInt64) {
        guard isPush(publish.topic, room(client)) else { return takeAnswer(publish) }
        guard let stamp = SayStamp(in: publish.payload) else { return }
        guard stamp != .end else {
            guard speaking[client] > 0 else { return }
            speaking[client] -= 1
            if speaking[client] == 0 { membersInRun -= 1 }
            return
        }
        if window.measured.contains(now) { deliveries += 1 }
        if window.measured.contains(stamp.time) {
            heard += 1
            latency.record(now - min(now, stamp.time))
        }
        guard isSpeaker(client), let index = unheard[client].firstIndex(of: stamp.time) else { return }
        unheard[client].remove(at: index)
        if !isStopped { say(client, now) }
    }

    private func isPush(_ topic: UnsafeRawBufferPointer, _ room: Int) -> Bool {
        let expected = pushTopics[room]
        guard topic.count == expected.count, let start = topic.baseAddress else { return false }
        return memcmp(start, expected, expected.count) == 0
    }

    private func takeAnswer(_ publish: Publish) {
        guard plan.isRequest, publish.topic.count > prefix.count,
            publish.topic[..<prefix.count].elementsEqual(prefix), !plan.answer.isRight(publish.payload)
        else { return }
        wrong += 1
        log.note(wrong: publish.payload)
    }

    func closed(_ client: Int, _ fault: ConnectionFault, now: UInt64) {
        if speaking[client] > 0 { membersInRun -= 1 }
        speaking[client] = 0
        unheard[client] = []
        guard !isStalled(client) else { return }
        closedClients += 1
        log.note("\(fault)")
    }

    private func giveUpLostSays(_ now: UInt64) {
        guard !isStopped else { return }
        for client in clients where isSpeaker(client) && pool.isOpen(client) {
            let lost = unheard[client].count { $0 + plan.timeout <= now }
            guard lost > 0 else { continue }
            unheard[client].removeAll { $0 + plan.timeout <= now }
            givenUp += UInt64(lost)
            for _ in 0..<lost { say(client, now) }
            pool.flush(client, now: now, self)
        }
    }

    func fill(_ report: inout WorkerReport) {
        report.counts = [
            "says": says, "deliveries": deliveries, "heard": heard, "expected": expected, "wrong": wrong,
            "given up": givenUp, "closed": closedClients,
        ]
        report.latencies["latency"] = latency
        report.faults = log.faults
    }
}

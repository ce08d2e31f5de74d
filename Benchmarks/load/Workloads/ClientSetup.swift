/// Connects the clients of a process, and has each log in, join or subscribe, before anything is measured.
final class ClientSetup: ConnectionDelegate {
    enum Step {
        case request(topic: Template, payload: Template)
        case subscribe(Template)
    }

    struct Plan {
        var numbering: ClientNumbering
        var names: Template.Names
        var steps: [Step]
        var answer: Answer
        var rooms = 1
        var qos: UInt8
        /// How many clients of this process do this at a time.
        var atOnce: Int
        var ramp: RampSchedule
        var timeout: UInt64
    }

    /// After so many failures without a success between them it is no use to go on.
    private static let mostFailures = 64

    private let pool: ConnectionPool
    private let plan: Plan
    /// The step that each client has taken.
    private var steps: [Int]
    private var inFlight: [(client: Int, deadline: UInt64)] = []
    private var next = 0
    private let expected = OutputBuffer()
    private(set) var ready: [Int] = []
    private(set) var log = FaultLog()
    private(set) var failed = 0
    private var failuresInARow = 0
    /// When the last push came.
    private(set) var lastHeard: UInt64 = 0

    init(_ pool: ConnectionPool, _ plan: Plan) {
        self.pool = pool
        self.plan = plan
        steps = Array(repeating: -1, count: plan.numbering.count)
    }

    var isDone: Bool { next == plan.numbering.count && inFlight.isEmpty }

    /// Begins with clients that are due, gives up those that take too long.
    /// - Returns: when something is due next.
    func tick(now: UInt64) -> UInt64 {
        for (client, deadline) in inFlight where deadline <= now {
            pool.close(client)
            fail(client, .timeout(steps[client] < 0 ? "connecting" : "logging in and joining"))
        }
        if failuresInARow >= Self.mostFailures {
            failed += plan.numbering.count - next
            next = plan.numbering.count
        }
        while next < plan.numbering.count, inFlight.count < plan.atOnce, plan.ramp.moment(of: next) <= now {
            let client = next
            next += 1
            inFlight.append((client, now + plan.timeout))
            let number = plan.numbering.number(of: client)
            do throws(ConnectionFault) {
                try pool.open(client, number: number, clientID: "\(plan.names.userPrefix)\(number)")
            } catch {
                fail(client, error)
            }
        }
        let timeout = inFlight.lazy.map(\.deadline).min() ?? .max
        let newcomer =
            next < plan.numbering.count && inFlight.count < plan.atOnce ? plan.ramp.moment(of: next) : UInt64.max
        return min(timeout, newcomer, now + Clock.second / 2)
    }

    func opened(_ client: Int, now: UInt64) { advance(client) }

    func subscribed(_ client: Int, now: UInt64) { advance(client) }

    func received(_ publish: Publish, by client: Int, now: UInt64) {
        lastHeard = now
        guard plan.steps.indices.contains(steps[client]), case .request(let topic, _) = plan.steps[steps[client]],
            let (number, size) = Answer.messageID(of: publish.topic), number == UInt64(steps[client] + 1)
        else { return }
        expected.removeAll()
        topic.write(to: expected, values(client))
        guard publish.topic[..<size].elementsEqual(expected.bytes) else { return }
        guard plan.answer.isRight(publish.payload) else {
            log.note(wrong: publish.payload)
            pool.close(client)
            return fail(client, nil)
        }
        advance(client)
    }

    func closed(_ client: Int, _ fault: ConnectionFault, now: UInt64) {
        if steps[client] < plan.steps.count { fail(client, fault) } else { log.note("\(fault)") }
    }

    private func advance(_ client: Int) {
        steps[client] += 1
        guard steps[client] < plan.steps.count else {
            inFlight.removeAll { $0.client == client }
            failuresInARow = 0
            return ready.append(client)
        }
        switch plan.steps[steps[client]] {
        case .request(let topic, let payload):
            pool.output.appendPublish(
                topic, messageID: UInt64(steps[client] + 1), payload, values(client), qos: plan.qos,
                packetID: pool.nextPacketID(of: client))
        case .subscribe(let filter):
            pool.output.appendSubscribe(filter, values(client), packetID: pool.nextPacketID(of: client))
        }
    }

    private func fail(_ client: Int, _ fault: ConnectionFault?) {
        steps[client] = plan.steps.count
        inFlight.removeAll { $0.client == client }
        failed += 1
        failuresInARow += 1
        if let fault { log.note("\(fault)") }
    }

    private func values(_ client: Int) -> TemplateValues {
        let number = plan.numbering.number(of: client)
        return TemplateValues(client: number, room: number % plan.rooms, count: 1)
    }
}

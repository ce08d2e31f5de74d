import MqantRPC

@testable import MqantRPCRabbitMQ

/// Up to three processes that want one Id, and a broker of two nodes between them: what can happen next at any moment,
/// and what is then. A pure value; `IdExplorer` goes through all of it.
///
/// Announcements and questions are in the queues of all who are connected at once, and are read whenever a process
/// likes. Silence is what a process finds when all who can answer have: it has asked, they have read that, and it their
/// answers.
struct IdWorld: Hashable {
    enum Message: Hashable {
        /// nil: the process does not announce the Id (any more).
        case claim(Int, IdClaim.Rank?)
        case question(Int)
    }

    struct Process: Hashable {
        var isAlive = false
        var isStopped = false
        var isConnected = false
        var isRefused = false
        /// Counts its connections.
        var connection = 0
        /// The broker's node that it is connected to.
        var broker = 0
        var hold = IdHold()
        var inbox: [Message] = []
        /// Whom it heard claim the Id on this connection.
        var known: [Int: IdClaim.Rank] = [:]
        var isAsking = false
        /// Who claimed it since.
        var answers: [Int: IdClaim.Rank] = [:]
        /// Who served when it asked, and can answer.
        var awaited: Set<Int> = []
        /// Processes that served when this one came back from a stop: it must not serve as long as one of them goes on.
        var successors: Set<Int> = []
        /// Whether it died, stopped or lost its connection after its first start.
        var wasDisturbed = false

        var isReachable: Bool { isAlive && !isStopped && isConnected }
    }

    struct Lock: Hashable {
        var owner: Int
        var connection: Int
        var broker: Int
    }

    let flaw: IdModel.Flaw?
    /// Whether a process always hears of a new holder before it takes silence for an answer. It does within seconds;
    /// where three never did, they would take over from each other for ever.
    let isPunctual: Bool
    var processes: [Process]
    var lock: Lock?
    var isBrokerAlive = [true, true]
    /// What remains of the scenario: events of one line happen one after the other.
    var script: [[IdModel.Event]]

    static let names: [NodeID] = ["a", "b", "c"]

    init(_ script: [[IdModel.Event]], isPunctual: Bool, flaw: IdModel.Flaw? = nil) {
        self.isPunctual = isPunctual
        self.script = script
        self.flaw = flaw
        processes = Self.names.map { _ in Process() }
    }

    // MARK: What processes do

    mutating func announce(_ process: Int) { tellAll(.claim(process, processes[process].hold.rank), but: process) }

    private mutating func tellAll(_ message: Message, but process: Int) {
        for other in processes.indices
        where other != process && processes[other].isAlive && processes[other].isConnected {
            processes[other].inbox.append(message)
        }
    }

    mutating func ask(_ process: Int) {
        processes[process].isAsking = true
        processes[process].answers = [:]
        processes[process].awaited = Set(
            processes.indices.filter {
                $0 != process && processes[$0].isReachable && processes[$0].hold.phase == .serving
            })
        tellAll(.question(process), but: process)
    }

    mutating func takeLock(_ process: Int) {
        let one = processes[process]
        lock = Lock(owner: process, connection: one.connection, broker: one.broker)
        processes[process].hold.lockTaken()
        // Who has it may have a say again: the others are asked anew.
        processes[process].isAsking = false
    }

    private mutating func giveBackLock(of process: Int) {
        guard processes[process].hold.hasLock, flaw != .keepsTheLock else { return }
        processes[process].hold.lockLost()
        if lock?.owner == process, lock?.connection == processes[process].connection { lock = nil }
    }

    mutating func consume(_ process: Int) {
        switch processes[process].inbox.removeFirst() {
        case .question:
            if processes[process].hold.phase == .serving { announce(process) }
        case .claim(let other, nil):
            processes[process].known[other] = nil
            processes[process].answers[other] = nil
        case .claim(let other, let rank?):
            processes[process].known[other] = rank
            processes[process].answers[other] = rank
            hear(IdClaim(rank, of: Self.names[other]), at: process)
        }
    }

    private mutating func hear(_ claim: IdClaim, at process: Int) {
        let before = processes[process].hold
        if flaw == .ranksAlone, let rank = before.rank, rank == claim.rank { return }
        guard processes[process].hold.heard(claim, as: Self.names[process]) else { return }
        processes[process].isAsking = false
        giveBackLock(of: process)
        if before.phase == .starting {
            processes[process].isRefused = true
            processes[process].isAlive = false
        } else if before.phase == .serving {
            announce(process)
        }
    }

    mutating func endSilence(_ process: Int) {
        let hasLock = processes[process].hold.hasLock
        guard processes[process].hold.heardNobody(isPatienceOver: !hasLock) else { return }
        processes[process].isAsking = false
        announce(process)
    }

    // MARK: What happens to them

    mutating func happen(_ event: IdModel.Event) {
        switch event {
        case .starts(let process, let broker):
            processes[process] = Process(isAlive: true, connection: processes[process].connection, broker: broker)
            connect(process)
        case .crashes(let process):
            let connection = processes[process].connection
            processes[process] = Process(connection: connection, broker: processes[process].broker, wasDisturbed: true)
        case .stops(let process):
            processes[process].isStopped = true
            processes[process].wasDisturbed = true
        case .continues(let process):
            processes[process].isStopped = false
            let serving = processes.indices.filter { processes[$0].hold.phase == .serving && processes[$0].isReachable }
            processes[process].successors = Set(serving).subtracting([process])
            processes[process].isAsking = false
            if processes[process].hold.phase == .serving, flaw != .noticesNoStop { processes[process].hold.wasAway() }
        case .loses(let process): disconnect(process)
        case .reconnects(let process, let broker):
            processes[process].broker = broker
            connect(process)
        case .brokerDies(let broker):
            isBrokerAlive[broker] = false
            for process in processes.indices where processes[process].isConnected && processes[process].broker == broker
            {
                disconnect(process)
            }
        case .brokerReturns(let broker): isBrokerAlive[broker] = true
        }
    }

    private mutating func disconnect(_ process: Int) {
        processes[process].isConnected = false
        processes[process].wasDisturbed = true
        processes[process].inbox = []
        processes[process].known = [:]
        processes[process].isAsking = false
    }

    private mutating func connect(_ process: Int) {
        processes[process].isConnected = true
        processes[process].connection += 1
        guard processes[process].hold.phase != .starting else { return processes[process].hold = IdHold() }
        processes[process].hold.reconnected()
        announce(process)
    }
}

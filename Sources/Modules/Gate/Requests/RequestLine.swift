import DequeModule
import Mqant
import MqantMQTT

/// A request that a client sent and that no module has got yet.
struct WaitingRequest {
    var request: RPCRequest
    var type: ModuleType
    /// The topic of the reply; nil if the client wants none.
    var replyTopic: TopicName?
    /// Bytes that it counts for the bounds.
    var cost: Int
}

/// The requests of one session: how many modules have, and which wait.
///
/// Order within a session: requests to one module type go out at once, for its lanes keep their order; a request to
/// another type waits until those are answered. Requests without a reply take their place in the window, but nobody
/// waits for their end. A pure value.
struct RequestLine {
    /// Requests with a reply that modules have.
    private(set) var outstanding = 0
    /// Requests without a reply that modules of this process have.
    private(set) var castsOut = 0
    private var outstandingType: ModuleType?
    private var waiting: Deque<WaitingRequest> = []
    /// Whether `waiting` has memory of its own.
    private var hasRoom = false
    /// Bytes of all requests that are not answered.
    private(set) var bytes = 0
    /// True while requests are given out: a call may be answered before its return.
    private var isForwarding = false
    /// True if those that wait do so for a later turn of the loop, and not for answers.
    private(set) var isLate = false

    var waitingCount: Int { waiting.count }

    /// True if modules have nothing that is to be answered, and nothing waits.
    var isIdle: Bool { outstanding == 0 && waiting.isEmpty }

    /// Whether a request fits: a line without any takes one of any size.
    func hasRoom(for cost: Int, limit: Int, byteLimit: Int) -> Bool {
        waiting.count < limit && (bytes == 0 || bytes + cost <= byteLimit)
    }

    /// Counts a request as given out that may go at once: nobody waits, and no other is being given out. `endForwarding`
    /// follows.
    /// - Returns: false if it is to wait.
    mutating func beginAtOnce(_ request: WaitingRequest, window: Int) -> Bool {
        guard !isForwarding, waiting.isEmpty, mayGo(request.type, window: window) else { return false }
        isForwarding = true
        bytes += request.cost
        began(request)
        return true
    }

    private func mayGo(_ type: ModuleType, window: Int) -> Bool {
        guard outstanding + castsOut < window else { return false }
        return outstanding == 0 || outstandingType == type
    }

    private mutating func began(_ request: WaitingRequest) {
        if request.replyTopic != nil {
            outstanding += 1
            outstandingType = request.type
        } else {
            castsOut += 1
        }
    }

    /// Adds a request at the end.
    mutating func append(_ request: WaitingRequest) {
        bytes += request.cost
        waiting.append(request)
        hasRoom = true
    }

    /// Whether `next` would give a request out.
    func hasNext(window: Int) -> Bool {
        guard let first = waiting.first else { return false }
        return mayGo(first.type, window: window)
    }

    /// Begins to give requests out.
    /// - Returns: false if that goes on already, or none waits.
    mutating func beginForwarding() -> Bool {
        guard !isForwarding, !waiting.isEmpty else { return false }
        isForwarding = true
        isLate = false
        return true
    }

    /// - Parameter isLate: there was no time for the rest in this turn.
    mutating func endForwarding(isLate: Bool) {
        isForwarding = false
        self.isLate = isLate
    }

    /// Takes the first request out if it may go to its module now.
    mutating func next(window: Int) -> WaitingRequest? {
        guard hasNext(window: window), let first = waiting.popFirst() else { return nil }
        began(first)
        return first
    }

    /// A request with a reply that modules had is answered.
    mutating func answered(_ cost: Int) {
        outstanding -= 1
        ended(cost)
    }

    /// A request without a reply is done, or on its way to another process.
    mutating func castEnded(_ cost: Int) {
        castsOut -= 1
        ended(cost)
    }

    private mutating func ended(_ cost: Int) {
        bytes -= cost
        // Its room is for the time in which requests wait.
        if outstanding == 0, hasRoom, waiting.isEmpty {
            waiting = []
            hasRoom = false
        }
    }

    /// Forgets those that wait.
    /// - Returns: their bytes.
    mutating func removeAll() -> Int {
        let bytes = waiting.reduce(0) { $0 + $1.cost }
        waiting = []
        self.bytes -= bytes
        return bytes
    }
}

import DequeModule
import Mqant
import NIOCore

/// A request that a client sent and that no module has got yet.
struct WaitingRequest {
    var request: RPCRequest
    var type: ModuleType
    /// The topic of the reply; nil if the client wants none.
    var replyTopic: ByteBuffer?
}

/// The requests of one session: how many modules have, and which wait.
///
/// Order within a session: requests to one module type go out at once, for its lanes keep their order; a request to
/// another type waits until those are answered. A pure value.
struct RequestLine {
    private(set) var outstanding = 0
    private var outstandingType: ModuleType?
    private var waiting: Deque<WaitingRequest> = []

    var waitingCount: Int { waiting.count }

    /// True if modules have nothing, and nothing waits.
    var isIdle: Bool { outstanding == 0 && waiting.isEmpty }

    /// Adds a request at the end.
    /// - Returns: false if the line is full; nothing is added then.
    mutating func append(_ request: WaitingRequest, limit: Int) -> Bool {
        guard waiting.count < limit else { return false }
        waiting.append(request)
        return true
    }

    /// Takes the first request out if it may go to its module now.
    mutating func next(window: Int) -> WaitingRequest? {
        guard let first = waiting.first, outstanding < window else { return nil }
        guard outstanding == 0 || outstandingType == first.type else { return nil }
        if first.replyTopic != nil {
            outstanding += 1
            outstandingType = first.type
        }
        return waiting.removeFirst()
    }

    /// One of those that modules had is answered.
    mutating func answered() {
        outstanding -= 1
        if outstanding == 0, waiting.isEmpty { waiting = [] }
    }

    mutating func removeAll() { waiting = [] }
}

import MqantRPC

/// How one process stands to an Id that it serves, or wants to. A pure value, without time: whoever drives it decides
/// when silence has lasted long enough.
///
/// An Id belongs to the process with the lock. A lock can outlive its holder: the connection of a dead host until the
/// broker notices, and in a cluster of RabbitMQ 4.2 and later all locks of a dead broker node until that node is back.
/// So a process that hears nobody with the Id for a while serves it without the lock. A holder that was only away finds
/// its successor when it asks, and gives way.
struct IdHold: Hashable, Sendable {
    enum Phase: Hashable, Sendable {
        /// The process starts. It serves nothing under the Id yet.
        case starting
        /// It announces the Id.
        case serving
        /// Another process has the Id. This one serves its own sessions on, announces nothing, and waits.
        case standby
    }

    private(set) var phase = Phase.starting
    private(set) var hasLock = false
    /// Whether the process may have missed a successor.
    private(set) var isReturning = false

    init() {}

    /// The rank that the process announces; nil: it does not announce the Id.
    var rank: IdClaim.Rank? {
        guard phase == .serving else { return nil }
        return isReturning ? .returning : hasLock ? .locked : .takenOver
    }

    mutating func lockTaken() { hasLock = true }

    /// The lock was given back, or somebody deleted it.
    mutating func lockLost() { hasLock = false }

    /// The process could not be heard for so long that another may have taken the Id over.
    mutating func wasAway() { isReturning = true }

    /// The connection is another one, and the lock went with the former.
    mutating func reconnected() { (hasLock, isReturning) = (false, true) }

    /// Another process claims the Id.
    /// - Parameters:
    ///   - claim: the other's.
    ///   - node: this process.
    /// - Returns: whether the other keeps it. A process that starts is refused then, one that serves becomes standby.
    ///   Either gives the lock back if it has it.
    mutating func heard(_ claim: IdClaim, as node: NodeID) -> Bool {
        guard let rank else { return true }
        guard IdClaim(rank, of: node) < claim else { return false }
        phase = .standby
        return true
    }

    /// This process asked who has the Id, and nobody claimed it.
    /// - Parameter isPatienceOver: whether it waited so long that a holder of the lock that lives would have answered.
    /// - Returns: whether that ends the wait: the process serves, and has missed nobody.
    mutating func heardNobody(isPatienceOver: Bool) -> Bool {
        guard hasLock || isPatienceOver else { return false }
        (phase, isReturning) = (.serving, false)
        return true
    }
}

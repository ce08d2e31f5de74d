import MqantRPC

/// The claim of a process to an Id that it announces. Of two claims the larger one keeps the Id
/// (docs/wire.md#3-one-id-one-process).
struct IdClaim: Hashable, Sendable, Comparable {
    /// How strong a claim is.
    enum Rank: Int, Sendable, Comparable {
        /// The process was away, and may have missed a successor: it has not asked since.
        case returning = 0
        /// The process has the lock.
        case locked = 1
        /// The lock is held by a process that did not answer. This process serves without it.
        case takenOver = 2

        static func < (one: Rank, other: Rank) -> Bool { one.rawValue < other.rawValue }
    }

    var rank: Rank
    var node: NodeID

    init(_ rank: Rank, of node: NodeID) {
        self.rank = rank
        self.node = node
    }

    static func < (one: IdClaim, other: IdClaim) -> Bool {
        one.rank == other.rank ? one.node < other.node : one.rank < other.rank
    }
}

extension IdClaim.Rank {
    /// The rank that an announcement names. Without one, the process has the lock.
    init(wire: Int?) {
        self =
            switch wire {
            case nil: .locked
            case let number? where number <= 0: .returning
            case 1: .locked
            default: .takenOver
            }
    }

    /// The number in an announcement; nil: not named.
    var wire: Int? { self == .locked ? nil : rawValue }
}

import MqantRPC
import Synchronization

/// The Ids of all instances that this node serves.
final class HeldIds: Sendable {
    private let state = Mutex<[InstanceID: HeldId]>([:])

    var all: [HeldId] { state.withLock { Array($0.values) } }

    func insert(_ held: HeldId) { state.withLock { $0[held.id] = held } }

    /// Removes an Id, unless a later life of its instance has it by now.
    func remove(_ held: HeldId) {
        state.withLock { state in
            if state[held.id] === held { state[held.id] = nil }
        }
    }

    /// The rank with which an Id is announced at this moment; nil: not at all.
    func rank(of id: InstanceID) -> IdClaim.Rank? {
        // Of an instance that is about to be served, the lock was taken.
        guard let held = state.withLock({ $0[id] }) else { return .locked }
        return held.announcedRank
    }
}

import NIOCore
import RPC
import Synchronization

/// Who said last that it serves an Id: the answer to "who are you?".
final class Witnesses: Sendable {
    struct Holder: Sendable {
        var node: NodeID
        var host: String
        var heard: NIODeadline
    }

    /// Ids that somebody of this node wants to know about.
    private let asked = Mutex<[InstanceID: Holder?]>([:])

    /// From now on whoever says that it serves the Id is noted.
    func ask(_ id: InstanceID) {
        asked.withLock { asked in
            if !asked.keys.contains(id) { asked.updateValue(nil, forKey: id) }
        }
    }

    func forget(_ id: InstanceID) { asked.withLock { _ = $0.removeValue(forKey: id) } }

    /// Whoever answered may be gone by the time that others are heard again.
    func clear() { asked.withLock { $0 = [:] } }

    /// Who answered since `ask`.
    func holder(of id: InstanceID) -> Holder? { asked.withLock { $0[id] ?? nil } }

    func heard(_ announcement: Announcement, now: NIODeadline) {
        asked.withLock { asked in
            guard !asked.isEmpty, !announcement.isGoodbye else { return }
            for instance in announcement.instances where asked.keys.contains(instance.id) {
                asked[instance.id] = Holder(node: announcement.node, host: announcement.host, heard: now)
            }
        }
    }
}

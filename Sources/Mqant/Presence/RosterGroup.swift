import NIOCore
import RPC

/// One group of a roster: its members, and how often each name is among them.
struct RosterGroup: Sendable {
    struct Entry: Sendable {
        var name: String
        var gate: InstanceID
        /// The Gate's incarnation that reported the membership last.
        var incarnation: QueueName
    }

    let key: String
    private(set) var members: [SessionID: Entry] = [:]
    private var names: [String: Int] = [:]
    /// The epoch in which all Gates were asked for their members; nil: none.
    var completeIn: UInt64?
    /// Since when this instance is neither owner nor heir.
    var foreignSince: NIODeadline?

    init(key: String) {
        self.key = key
    }

    mutating func add(_ entry: Entry, _ session: SessionID) {
        remove(session)
        members[session] = entry
        names[entry.name, default: 0] += 1
    }

    mutating func remove(_ session: SessionID) {
        guard let name = members.removeValue(forKey: session)?.name else { return }
        let left = (names[name] ?? 1) - 1
        names[name] = left > 0 ? left : nil
    }

    func hasMember(named name: String) -> Bool { names[name] != nil }
}

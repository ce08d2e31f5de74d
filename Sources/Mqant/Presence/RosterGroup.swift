import MqantRPC
import NIOCore

/// One group of a roster: its members, and how often each name is among them.
struct RosterGroup: Sendable {
    struct Entry: Sendable {
        var name: String
        var gate: InstanceID
        /// The Gate's incarnation that reported the membership last.
        var incarnation: QueueName
        /// Which report said so, of all that the roster took in.
        var report: UInt64
    }

    let key: String
    private(set) var members: [SessionID: Entry] = [:]
    private var names: [TextKey: Int] = [:]
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
        names[TextKey(entry.name), default: 0] += 1
    }

    mutating func remove(_ session: SessionID) {
        guard let name = members.removeValue(forKey: session).map({ TextKey($0.name) }) else { return }
        let left = (names[name] ?? 1) - 1
        names[name] = left > 0 ? left : nil
    }

    func hasMember(named name: String) -> Bool { names[TextKey(name)] != nil }
}

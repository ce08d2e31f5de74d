public import MqantRPC

/// How a membership of a group is known to a module: `Session.join(_:presence:)`.
///
/// The Gate, which holds the membership, reports it to the instance of `type` that owns `key`, and to its heir: when it
/// begins, when it ends in whatever way, and anew when another instance becomes the owner or the Gate reconnects. A
/// `Roster` takes the reports in.
public struct Presence: Sendable, Hashable, Codable {
    /// The module type that is told.
    public var type: ModuleType
    /// Which of its instances: the owner of this key, by rendezvous hashing.
    public var key: String
    /// Who is there, for people; of several sessions under one name the roster tells the last one's end only.
    public var name: String

    /// A presence for `Session.join`.
    ///
    /// - Parameters:
    ///   - type: the module type that is told.
    ///   - key: which of its instances: the owner of this key.
    ///   - name: who is there, for people.
    public init(type: ModuleType, key: String, name: String) {
        self.type = type
        self.key = key
        self.name = name
    }
}

/// What joining or leaving a group came to.
package struct MembershipChange: Codable, Sendable {
    package var changed: Bool
    package var session: SessionState

    package init(changed: Bool, session: SessionState) {
        self.changed = changed
        self.session = session
    }
}

package import MqantRPC

/// What a Gate tells a roster: some of its sessions are in groups now, or are no more.
package struct PresenceReport: Codable, Sendable {
    /// The functions that take reports; names that begin with `$` are the framework's.
    package static let beginFunction = "$present"
    package static let endFunction = "$absent"

    /// One membership.
    package struct Member: Codable, Sendable, Hashable {
        package var group: GroupName
        package var key: String
        package var session: SessionID
        package var name: String

        package init(group: GroupName, key: String, session: SessionID, name: String) {
            self.group = group
            self.key = key
            self.session = session
            self.name = name
        }
    }

    package var gate: InstanceID
    /// The Gate's queue: its incarnation, with which these memberships live and die.
    package var incarnation: QueueName
    /// True in the report to the owner, who tells the world; false in that to its heir, who just keeps it.
    package var isOwner: Bool
    package var members: [Member]

    package init(gate: InstanceID, incarnation: QueueName, isOwner: Bool, members: [Member]) {
        self.gate = gate
        self.incarnation = incarnation
        self.isOwner = isOwner
        self.members = members
    }
}

/// A member of a group, as its Gate answers `Members`.
package struct GroupMember: Codable, Sendable {
    package var session: SessionID
    package var key: String
    package var name: String

    package init(session: SessionID, key: String, name: String) {
        self.session = session
        self.key = key
        self.name = name
    }
}

/// What a Gate tells modules about one of its sessions; the wire form of a session (docs/wire.md).
public struct SessionState: Sendable, Hashable, Codable {
    /// The session's id.
    public var id: SessionID
    /// The Gate that holds the connection (`Serverid` in mqant).
    public var gate: InstanceID
    /// The user that `bind` gave the session; empty for a guest.
    public var userID: String
    /// What modules stored with the session.
    public var settings: [String: String]
    /// The groups that the session is in.
    public var groups: Set<GroupName>
    /// Counts the Gate's changes to this state: of two copies the one with the higher version is newer.
    public var version: UInt64

    /// The state of a new session: a guest's, without settings and groups.
    public init(id: SessionID, gate: InstanceID) {
        self.id = id
        self.gate = gate
        userID = ""
        settings = [:]
        groups = []
        version = 0
    }

    /// Bytes of its form on a wire (docs/wire.md §7), at most: whatever `version` comes to.
    package var wireSize: Int {
        var size = 96 + JSONText.size(of: id.description) + JSONText.size(of: gate.rawValue) + JSONText.size(of: userID)
        for (key, value) in settings { size += JSONText.size(of: key) + JSONText.size(of: value) + 2 }
        for group in groups { size += JSONText.size(of: group.rawValue) + 1 }
        return size
    }

    /// By the bytes of what texts it holds: a setting in another spelling is another setting's value.
    public static func == (left: Self, right: Self) -> Bool {
        left.id == right.id && left.version == right.version && left.gate == right.gate && left.groups == right.groups
            && left.userID.hasSameBytes(as: right.userID) && left.settings.count == right.settings.count
            && left.settings.allSatisfy { right.settings[$0.key]?.hasSameBytes(as: $0.value) ?? false }
    }

    private enum CodingKeys: String, CodingKey {
        case id = "Sessionid"
        case gate = "Serverid"
        case userID = "Userid"
        case settings = "Settings"
        case groups = "Groups"
        case version = "Version"
    }

    /// Reads a session; `Userid`, `Settings`, `Groups` and `Version` may be missing.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(SessionID.self, forKey: .id)
        gate = try container.decode(InstanceID.self, forKey: .gate)
        userID = try container.decodeIfPresent(String.self, forKey: .userID) ?? ""
        settings = try container.decodeIfPresent([String: String].self, forKey: .settings) ?? [:]
        groups = try container.decodeIfPresent(Set<GroupName>.self, forKey: .groups) ?? []
        version = try container.decodeIfPresent(UInt64.self, forKey: .version) ?? 0
    }
}

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

    public init(id: SessionID, gate: InstanceID) {
        self.id = id
        self.gate = gate
        userID = ""
        settings = [:]
        groups = []
        version = 0
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

/// The payload of `Chat/Handler_JoinChat` and `Chat/Handler_LeaveChat`.
struct RoomRequest: Codable, Sendable {
    var roomName: String?
}

/// The payload of `Chat/Handler_Say`.
struct SayRequest: Codable, Sendable {
    var roomName: String?
    var say: String?
}

/// The payload of `Chat/OnJoin` and `Chat/OnLeave`.
struct RoomEvent: Codable, Sendable {
    var roomName: String
    var userName: String
}

/// The payload of `Chat/OnSay`.
struct SayEvent: Codable, Sendable {
    var roomName: String
    var userName: String
    var say: String
}

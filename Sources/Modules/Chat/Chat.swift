public import Mqant

/// The demo's chat: rooms that sessions join, say something in, and leave.
///
/// A room is a group, and who is in it is known where the connections are: at the Gates. So a Chat holds no member
/// list that could be lost, and any instance can serve any room; its roster is a copy, which the Gates renew.
public struct Chat: Module {
    /// `Chat`.
    public static let type: ModuleType = "Chat"

    private let context: ModuleContext
    private let roster: Roster

    /// Its roster.
    public var components: [any ModuleComponent] { [roster] }

    /// Makes the instance; it has no settings.
    public init(settings: UncheckedSettings, context: ModuleContext) {
        self.context = context
        roster = Roster(context: context) { event in
            let topic = event.kind == .ended ? "Chat/OnLeave" : "Chat/OnJoin"
            guard let body = try? context.json(RoomEvent(roomName: event.key, userName: event.name)) else { return }
            context.push(to: event.group, topic: topic, body: body)
        }
    }

    /// Registers the functions for clients.
    public func register(on server: RPCServer) throws {
        let options = FunctionOptions.perSession.nonblocking
        try server.register("Handler_JoinChat", options: options) { (session: Session, request: RoomRequest) in
            try join(session, request)
        }
        try server.register("Handler_Say", options: options) { (session: Session, request: SayRequest) in
            try say(session, request)
        }
        try server.register("Handler_LeaveChat", options: options) { (session: Session, request: RoomRequest) in
            try leave(session, request)
        }
        try server.register("Handler_Members", options: options) { (session: Session, request: RoomRequest) in
            try members(session, request)
        }
    }

    // What a request lacks is said at once; what is done for it awaits.

    private func join(_ session: Session, _ request: RoomRequest) throws -> Answer<String> {
        try requireLogin(session)
        guard let room = try Room(validating: request.roomName) else { throw ChatError.noRoomName }
        guard !session.groups.contains(room.group) else { throw ChatError.alreadyMember }
        return .later {
            // The demo of a call from module to module.
            let text: String = try await context.call("Login", "getRand", room.name)
            context.logger.debug("getRand", metadata: ["result": "\(text)"])
            let presence = Presence(type: Self.type, key: room.name, name: session.userID)
            guard try await session.join(room.group, presence: presence) else { throw ChatError.alreadyMember }
            let event = RoomEvent(roomName: room.name, userName: session.userID)
            context.push(to: room.group, topic: "Chat/OnJoin", body: try context.json(event))
            return "join success"
        }
    }

    private func say(_ session: Session, _ request: SayRequest) throws -> Answer<String> {
        try requireLogin(session)
        guard let room = try Room(validating: request.roomName), let text = request.say else {
            throw ChatError.noRoomNameOrSay
        }
        return .later {
            try await requireMembership(session, of: room)
            let event = try context.json(SayEvent(roomName: room.name, userName: session.userID, say: text))
            let isHeard = try await context.pushConfirmed(to: room.group, topic: "Chat/OnSay", body: event)
            guard isHeard else { throw ChatError.noRoom }
            return "say success"
        }
    }

    private func leave(_ session: Session, _ request: RoomRequest) throws -> Answer<String> {
        try requireLogin(session)
        guard let room = try Room(validating: request.roomName) else { throw ChatError.noRoomName }
        return .later {
            try await requireMembership(session, of: room)
            guard try await session.leave(room.group) else { throw ChatError.notMember }
            // The Gate reports the end, as it does those of connections, and the roster has the room told.
            return "leave success"
        }
    }

    /// The names of those who are in the room, each once, sorted.
    private func members(_ session: Session, _ request: RoomRequest) throws -> Answer<[String]> {
        try requireLogin(session)
        guard let room = try Room(validating: request.roomName) else { throw ChatError.noRoomName }
        return .later {
            try await requireMembership(session, of: room)
            return await Set(roster.members(of: room.group).map(\.name)).sorted()
        }
    }

    private func requireLogin(_ session: Session) throws(HandlerError) {
        guard !session.isGuest else { throw ChatError.notLoggedIn }
    }

    private func requireMembership(_ session: Session, of room: Room) async throws {
        guard !session.groups.contains(room.group) else { return }
        throw try await context.hasMembers(room.group) ? ChatError.notMember : ChatError.noRoom
    }
}

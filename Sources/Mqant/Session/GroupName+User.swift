public import NIOCore
public import RPC

extension GroupName {
    private static let userPrefix = "user."

    /// The longest user id, in bytes of UTF-8.
    package static var maximumUserIDByteCount: Int { maximumByteCount - userPrefix.utf8.count }

    /// The group of all sessions of a user; its Gates maintain it.
    package static func user(_ id: String) -> GroupName { GroupName(userPrefix + id) }

    /// The user whose group this is; nil if it is another one.
    package var userID: String? {
        rawValue.hasPrefix(Self.userPrefix) ? String(rawValue.dropFirst(Self.userPrefix.count)) : nil
    }
}

extension ModuleContext {
    /// Pushes one message to a user, at whatever Gate the user is. Fire and forget.
    ///
    /// - Parameters:
    ///   - userID: what `Session.bind` gave the session.
    ///   - topic: the MQTT topic of the PUBLISH.
    ///   - body: its payload, JSON by convention; it arrives as it is.
    ///   - qos: its quality of service, 0 to 2.
    public func push(toUser userID: String, topic: String, body: ByteBuffer, qos: Int = 0) {
        push(to: .user(userID), topic: topic, body: body, qos: qos)
    }

    /// True if the user has a session at any Gate.
    public func isOnline(_ userID: String) async throws(RPCError) -> Bool { try await hasMembers(.user(userID)) }
}

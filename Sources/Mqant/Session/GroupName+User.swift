public import MqantRPC
public import NIOCore

extension GroupName {
    private static let userPrefix = "user."

    /// The longest user id, in bytes of UTF-8.
    package static var maximumUserIDByteCount: Int { maximumByteCount - userPrefix.utf8.count }

    /// The group of all sessions of a user; its Gates maintain it.
    package static func user(_ id: String) -> GroupName { GroupName(userPrefix + id) }

    /// The user whose group this is; nil if it is another one.
    package var userID: String? {
        // By bytes: with a combining mark behind it, the prefix's last character is another one.
        guard rawValue.hasBytePrefix(Self.userPrefix) else { return nil }
        return String(decoding: rawValue.utf8.dropFirst(Self.userPrefix.utf8.count), as: UTF8.self)
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

    /// Closes all sessions of a user, at whatever Gate the user is. Each client gets a push `Gate/OnKick` with the reason
    /// first, behind all that was pushed to the user before.
    ///
    ///     try await context.disconnect(user: "Ada", reason: "cheating")
    ///
    /// The user may log in again at once: whether that works is the login's affair.
    /// - Parameters:
    ///   - userID: what `Session.bind` gave the sessions.
    ///   - reason: text for the user.
    /// - Returns: false if the user has no session. Returns once the Gates have been told; connections end right after.
    /// - Throws: `RPCError` if the owner of the user's group did not answer.
    @discardableResult
    public func disconnect(
        user userID: String, reason: String = "disconnected by the server"
    ) async throws(RPCError) -> Bool {
        try await pushConfirmed(
            to: .user(userID), topic: Disconnection.topic, body: json(Disconnection(reason: reason)))
    }

    /// True if the user has a session at any Gate.
    public func isOnline(_ userID: String) async throws(RPCError) -> Bool { try await hasMembers(.user(userID)) }
}

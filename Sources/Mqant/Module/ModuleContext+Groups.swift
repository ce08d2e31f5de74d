public import MqantRPC
public import NIOCore

extension ModuleContext {
    /// Pushes one message to every member of a group, at whatever Gate it is connected. Fire and forget.
    ///
    /// - Parameters:
    ///   - group: the group; `Session.join` makes members.
    ///   - topic: the MQTT topic of the PUBLISH.
    ///   - body: its payload, JSON by convention; it arrives as it is.
    ///   - qos: its quality of service, 0 to 2.
    ///   - session: a member that does not get it, such as the one on whose behalf it is pushed.
    public func push(
        to group: GroupName, topic: String, body: ByteBuffer, qos: Int = 0, except session: Session? = nil
    ) {
        node.push(GroupPush(group: group, topic: topic, qos: qos, body: body, except: session?.id))
    }

    /// Pushes one message to every member of a group, and tells whether anybody is in it.
    ///
    /// - Parameters:
    ///   - group: the group; `Session.join` makes members.
    ///   - topic: the MQTT topic of the PUBLISH.
    ///   - body: its payload, JSON by convention; it arrives as it is.
    ///   - qos: its quality of service, 0 to 2.
    ///   - session: a member that does not get it.
    /// - Returns: false if no Gate has a member; `session` counts as one.
    /// - Throws: `RPCError` if the group's owner did not answer, or the push is too large.
    public func pushConfirmed(
        to group: GroupName, topic: String, body: ByteBuffer, qos: Int = 0, except session: Session? = nil
    ) async throws(RPCError) -> Bool {
        let push = GroupPush(group: group, topic: topic, qos: qos, body: body, except: session?.id)
        return try await node.pushConfirmed(push) == .routed
    }

    /// True if any session, at any Gate, is in the group.
    public func hasMembers(_ group: GroupName) async throws(RPCError) -> Bool {
        try await node.pushConfirmed(.probe(group)) == .routed
    }

    /// A value as the JSON body of a push.
    public func json(_ value: some Encodable) throws(RPCError) -> ByteBuffer {
        try ArgumentCoding.encode(result: value).buffer
    }
}

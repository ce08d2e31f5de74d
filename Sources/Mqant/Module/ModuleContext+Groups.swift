public import NIOCore
public import RPC

extension ModuleContext {
    /// Pushes one message to every member of a group, at whatever Gate it is connected. Fire and forget.
    ///
    /// - Parameters:
    ///   - group: the group; `Session.join` makes members.
    ///   - topic: the MQTT topic of the PUBLISH.
    ///   - body: its payload, JSON by convention; it arrives as it is.
    ///   - qos: its quality of service, 0 to 2.
    public func push(to group: GroupName, topic: String, body: ByteBuffer, qos: Int = 0) {
        node.push(GroupPush(group: group, topic: topic, qos: qos, body: body))
    }

    /// Pushes one message to every member of a group, and tells whether anybody is in it.
    ///
    /// - Returns: false if no Gate has a member.
    /// - Throws: `RPCError` if the broker did not say what became of the message.
    public func pushConfirmed(
        to group: GroupName, topic: String, body: ByteBuffer, qos: Int = 0
    ) async throws(RPCError) -> Bool {
        try await node.pushConfirmed(GroupPush(group: group, topic: topic, qos: qos, body: body)) == .routed
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

import Mqant
import MqantMQTT
import NIOCore

/// The session operations that a Gate serves (docs/wire.md#7-sessions), each run on the event loop of the session's
/// connection.
struct SessionFunctions: Sendable {
    let services: GateServices
    let shards: [Shard]
    let groups: GroupDirectory

    func register(on server: RPCServer) throws(RegistrationError) {
        let options = FunctionOptions.concurrent.nonblocking
        try server.register(GateFunction.update, options: options) { (id: SessionID) in
            try await withSession(id) { session throws(RPCError) in try session.update { _ in } }
        }
        try server.register(GateFunction.bind, options: options) { (id: SessionID, userID: String) in
            try await bind(id, to: userID)
        }
        try server.register(GateFunction.unbind, options: options) { (id: SessionID) in
            try await withSession(id) { session throws(RPCError) in try session.unbind() }
        }
        try server.register(GateFunction.push, options: options) { (id: SessionID, changes: SettingsChanges) in
            try await withSession(id) { session throws(RPCError) in
                try session.update { changes.apply(to: &$0.settings) }
            }
        }
        try server.register(GateFunction.set, options: options) { (id: SessionID, key: String, value: String) in
            try await withSession(id) { session throws(RPCError) in
                try session.update { $0.settings[key.nfc] = value }
            }
        }
        try server.register(GateFunction.remove, options: options) { (id: SessionID, key: String) in
            try await withSession(id) { session throws(RPCError) in
                try session.update { $0.settings[key.nfc] = nil }
            }
        }
        try server.register(GateFunction.close, options: options) { (id: SessionID) in
            try await withSession(id) { session throws(RPCError) in session.connection.close(.closedByModule) }
        }
        try server.register(GateFunction.join, options: options) {
            (id: SessionID, group: GroupName, presence: Presence?) in
            try await join(id, GroupName(validating: group.rawValue), presence)
        }
        try server.register(GateFunction.leave, options: options) { (id: SessionID, group: GroupName) in
            try await withSession(id) { session throws(RPCError) in try session.leave(group) }
        }
        try server.register(GateFunction.members, options: options) { (group: GroupName) in
            await reportedMembers(of: group)
        }
        try server.register(GateFunction.report, options: options) {
            for shard in shards { shard.eventLoop.execute { shard.renewPresences(all: true) } }
        }
        try server.registerRaw(GateFunction.send, options: options) { request in
            try await send(request)
            return ArgumentCoding.null
        }
    }

    /// The session with an id. An operation asks for it first: so each that is refused is counted once.
    /// - Throws: `RPCError` if this Gate has no such session.
    func session(_ id: SessionID) throws(RPCError) -> ClientSession {
        guard let session = services.sessions[id] else {
            services.statistics.countRefused()
            throw .noSession
        }
        return session
    }

    /// Runs an operation on a session, on its event loop.
    /// - Throws: `RPCError` if this Gate has no such session, or what `body` throws.
    func withSession<Value: Sendable>(
        _ id: SessionID, _ body: @escaping @Sendable (ClientSession) throws(RPCError) -> Value
    ) async throws(RPCError) -> Value {
        let session = try session(id)
        // Where a session's own function asks, nothing is to be waited for.
        if session.eventLoop.inEventLoop { return try body(session) }
        let result: Result<Value, RPCError> = await withCheckedContinuation { continuation in
            session.eventLoop.execute {
                continuation.resume(returning: Result { () throws(RPCError) in try body(session) })
            }
        }
        return try result.get()
    }

    /// The members of a group at this Gate that are known to a roster.
    private func reportedMembers(of group: GroupName) async -> [GroupMember] {
        var members: [GroupMember] = []
        for shard in shards {
            members += (try? await shard.eventLoop.submit { shard.reportedMembers(of: group) }.get()) ?? []
        }
        return members
    }

    private func join(
        _ id: SessionID, _ group: GroupName, _ presence: Presence?
    ) async throws(RPCError) -> MembershipChange {
        guard try await withSession(id, { session throws(RPCError) in try session.mayJoin(group) }) else {
            let session = try await withSession(id) { session throws(RPCError) in try session.update { _ in } }
            return MembershipChange(changed: false, session: session)
        }
        let hold = try await groups.hold(group)
        return try await withSession(id) { session throws(RPCError) in try session.join(hold, presence) }
    }

    private func send(_ request: RPCRequest) async throws(RPCError) {
        guard case .bytes(let body) = request.payload, let id = request.headers["session-id"].flatMap(SessionID.init),
            let text = request.headers["topic"]
        else { throw RPCError(.invalidArguments, "Send takes bytes, and the headers session-id and topic") }
        let topic: TopicName
        do throws(MQTTError) {
            topic = try TopicName(text)
        } catch {
            throw RPCError(.invalidArguments, "Send: \(error.message)")
        }
        guard let qos = QoS(rawValue: UInt8(request.headers["qos"] ?? "0") ?? .max) else {
            throw RPCError(.invalidArguments, "Send: qos is 0, 1 or 2")
        }
        try await withSession(id) { session throws(RPCError) in
            try session.send(topic: topic, payload: body, qos: qos)
        }
    }
}

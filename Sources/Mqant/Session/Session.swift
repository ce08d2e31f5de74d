public import MqantRPC
public import NIOCore
import Synchronization

/// The session of the client on whose behalf a function runs; the first parameter of functions that want it.
///
/// It is a copy of what its Gate knew when it sent the request: `update()` reads it again. Operations are calls to
/// that Gate. A session may be kept and used after the function's end, from any task.
public final class Session: Sendable {
    private struct Local {
        /// What the Gate said last.
        var box: SessionBox
        /// The same with what only this copy changed, if it changed anything.
        var own: SessionState?
        var changes = SettingsChanges()

        var state: SessionState { own ?? box.state }

        mutating func applyChanges() {
            guard !changes.isEmpty else { return }
            var state = state
            changes.apply(to: &state.settings)
            own = state
        }
    }

    private let local: Mutex<Local>
    private let node: any RPCCaller
    /// Hears of changes, for calls of the session that wait; nil: it is not called for one.
    private let server: RPCServer?

    /// The session of a call.
    init(_ box: SessionBox, server: RPCServer) {
        local = Mutex(Local(box: box))
        node = server.node
        self.server = server
    }

    /// A session that is known by what `state` says.
    package init(_ state: SessionState, node: any RPCCaller) {
        local = Mutex(Local(box: SessionBox(state)))
        self.node = node
        server = nil
    }

    /// What this copy knows.
    public var state: SessionState { local.withLock { $0.state } }
    /// The session's id.
    public var id: SessionID { read { $0.id } }
    /// The Gate that holds the connection.
    public var gate: InstanceID { read { $0.gate } }
    /// The user that the session is bound to; empty for a guest.
    public var userID: String { read { $0.userID } }
    /// True until `bind`.
    public var isGuest: Bool { userID.isEmpty }
    /// The groups that the session is in.
    public var groups: Set<GroupName> { read { $0.groups } }

    /// One thing of the state: a copy of all of it costs more.
    private func read<Value: Sendable>(_ body: (borrowing SessionState) -> Value) -> Value {
        local.withLock { local in
            if let own = local.own { return body(own) }
            return body(local.box.state)
        }
    }

    /// Binds the session to a user; other sessions of that user end or stay as the Gate's `DuplicateLogin` says.
    ///
    /// - Throws: `RPCError` `remote` if `DuplicateLogin` is `refuse` and the user has a session.
    public func bind(_ userID: String) async throws(RPCError) {
        try await operate(GateFunction.bind, id, userID)
    }

    /// Makes the session a guest again.
    public func unbind() async throws(RPCError) {
        try await operate(GateFunction.unbind, id)
    }

    /// Reads the session from its Gate.
    public func update() async throws(RPCError) {
        try await operate(GateFunction.update, id)
    }

    /// A setting of this copy.
    public func get(_ key: String) -> String? { read { $0.settings[key] } }

    /// Changes a setting of this copy; `push()` tells the Gate.
    public func set(_ key: String, to value: String) {
        let key = key.nfc
        local.withLock { local in
            local.changes.set(key, to: value)
            local.applyChanges()
        }
    }

    /// Removes a setting of this copy; `push()` tells the Gate.
    public func remove(_ key: String) {
        let key = key.nfc
        local.withLock { local in
            local.changes.remove(key)
            local.applyChanges()
        }
    }

    /// Stores what `set` and `remove` changed with the session at its Gate. Settings that others changed meanwhile
    /// stay.
    public func push() async throws(RPCError) {
        let changes = local.withLock { local in
            defer { local.changes = SettingsChanges() }
            return local.changes
        }
        do throws(RPCError) {
            try await operate(GateFunction.push, id, changes)
        } catch {
            local.withLock { local in local.changes = changes.followed(by: local.changes) }
            throw error
        }
    }

    /// Makes the session a member of a group: from the return on, it misses no push to it.
    ///
    /// - Parameters:
    ///   - group: the group; groups that begin with `user.` are the Gates'.
    ///   - presence: to which module the Gate reports the membership; nil: to none.
    /// - Returns: false if it was a member before.
    @discardableResult
    public func join(_ group: GroupName, presence: Presence? = nil) async throws(RPCError) -> Bool {
        let result: MembershipChange = try await ask(GateFunction.join, id, group, presence)
        adopt(result.session)
        return result.changed
    }

    /// Ends the session's membership of a group.
    ///
    /// - Returns: false if it was not a member.
    @discardableResult
    public func leave(_ group: GroupName) async throws(RPCError) -> Bool {
        let result: MembershipChange = try await ask(GateFunction.leave, id, group)
        adopt(result.session)
        return result.changed
    }

    /// Sends a PUBLISH to the client, and returns when its Gate has taken it.
    ///
    /// - Parameters:
    ///   - topic: the MQTT topic; the client need not have subscribed.
    ///   - body: the payload; it arrives as it is.
    ///   - qos: the quality of service between Gate and client, 0 to 2.
    public func send(topic: String, body: ByteBuffer, qos: Int = 0) async throws(RPCError) {
        let request = GateFunction.send(to: id, topic: topic, body: body, qos: qos)
        _ = try await node.call(.instance(gate), request, timeout: nil)
    }

    /// Sends a PUBLISH to the client without waiting (mqant's `SendNR`). Fire and forget.
    public func castSend(topic: String, body: ByteBuffer, qos: Int = 0) throws(RPCError) {
        let request = GateFunction.send(to: id, topic: topic, body: body, qos: qos)
        try node.cast(.instance(gate), request, timeout: nil) {}
    }

    /// Closes the client's connection.
    public func close() async throws(RPCError) {
        let request = RPCRequest(function: GateFunction.close, payload: try ArgumentCoding.encode(arguments: id))
        _ = try await node.call(.instance(gate), request, timeout: nil)
    }

    private func operate<each Argument: Encodable>(
        _ function: String, _ arguments: repeat each Argument
    ) async throws(RPCError) {
        let state: SessionState = try await ask(function, repeat each arguments)
        adopt(state)
    }

    private func ask<each Argument: Encodable, Value: Decodable>(
        _ function: String, _ arguments: repeat each Argument
    ) async throws(RPCError) -> Value {
        let request = RPCRequest(
            function: function, payload: try ArgumentCoding.encode(arguments: repeat each arguments))
        let payload = try await node.call(.instance(gate), request, timeout: nil)
        return try ArgumentCoding.decode(result: Value.self, from: payload)
    }

    /// Takes over what the Gate says, and keeps what only this copy changed.
    private func adopt(_ state: SessionState) {
        let box = SessionBox(state)
        local.withLock { local in
            guard state.version >= local.box.state.version else { return }
            local.box = box
            local.own = nil
            local.applyChanges()
        }
        server?.sessionChanged(box)
    }
}

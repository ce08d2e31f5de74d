import FoundationEssentials
import Mqant
import MqantMQTT
import NIOCore
import NIOFoundationEssentialsCompat

/// Binding sessions to users.
extension GateState {
    func bind(_ id: SessionID, to userID: String) async throws(RPCError) -> SessionState {
        let group = GroupName.user(userID)
        guard !userID.isEmpty, group.rawValue.utf8.count <= GroupName.maximumByteCount else {
            throw RPCError(.invalidArguments, "a user's id has 1 to \(GroupName.maximumUserIDByteCount) bytes")
        }
        let connection = try connection(id)
        var beginning = ClientConnection.Binding.isBusy
        while case .isBusy = beginning {
            beginning = try await withConnection(id) { connection throws(RPCError) in
                try connection.beginBinding(userID)
            }
            // Of a call that its caller has given up, say: each has its turn, and the last one wins.
            if case .isBusy = beginning { await connection.bindingEnded() }
        }
        if case .isDone(let state) = beginning { return state }
        do throws(RPCError) {
            let hold = try await hold(userID, for: id)
            return try await withConnection(id) { connection throws(RPCError) in
                try connection.finishBinding(userID, hold)
            }
        } catch {
            connection.shard.eventLoop.execute { connection.bindingGroup = nil }
            throw error
        }
    }

    /// Asks for the user, and subscribes to the user's group.
    private func hold(_ userID: String, for id: SessionID) async throws(RPCError) -> GroupHold {
        let group = GroupName.user(userID)
        guard let policy = configuration.duplicateLogin.policy else { return try await groups.hold(group) }
        guard let hold = try await groups.bind(id, to: group, policy: policy) else {
            throw RPCError(.remote, "\(userID) is logged in elsewhere")
        }
        return hold
    }

    /// Another session has the user whom a session had. On any thread.
    func superseded(_ id: SessionID, in group: GroupName) {
        guard let connection = sessions[id] else { return }
        connection.shard.eventLoop.execute { connection.kick(from: group) }
    }

    /// Ends the sessions of a user, in the order of what is pushed to the user; what is not a disconnection is dropped.
    func receiveDisconnection(_ push: GroupPush) {
        guard push.group.userID != nil,
            let disconnection = try? JSONDecoder().decode(Disconnection.self, from: push.body),
            let body = try? context.json(disconnection)
        else {
            return logger.warning("disconnection dropped: not a user's", metadata: ["group": "\(push.group)"])
        }
        deliver(
            GroupPush(group: push.group, topic: Disconnection.clientTopic, qos: 0, body: body),
            ending: .closedByModule)
    }
}

/// A session's user. On the connection's event loop.
extension ClientConnection {
    enum Binding: Sendable {
        case isBegun
        /// The session is the user's already.
        case isDone(SessionState)
        /// It is being bound by another call.
        case isBusy
    }

    func beginBinding(_ userID: String) throws(RPCError) -> Binding {
        guard !isClosed, let box else { throw .noSession }
        guard bindingGroup == nil else { return .isBusy }
        if box.state.userID.hasSameBytes(as: userID) { return .isDone(box.state) }
        _ = try changed { $0.userID = userID }
        _ = try unbind()
        bindingGroup = .user(userID)
        return .isBegun
    }

    /// Returns when the session is not being bound any more. On any thread.
    func bindingEnded() async {
        await withCheckedContinuation { continuation in
            shard.eventLoop.execute { [self] in
                if bindingGroup != nil { bindingWaiters.append(continuation) } else { continuation.resume() }
            }
        }
    }

    /// The Gate is subscribed to the group, and the user claimed.
    func finishBinding(_ userID: String, _ hold: GroupHold) throws(RPCError) -> SessionState {
        guard !isClosed, box != nil else { throw .noSession }
        let state = try changed { $0.userID = userID }
        bindingGroup = nil
        memberships[hold.group] = Membership(index: shard.addMember(self, to: hold.group), hold: hold)
        return adopt(state)
    }

    func unbind() throws(RPCError) -> SessionState {
        guard !isClosed, let box else { throw .noSession }
        let userID = box.state.userID
        guard !userID.isEmpty else { return box.state }
        endMembership(of: .user(userID))
        return try update { $0.userID = "" }
    }

    /// Tells the client that another session is its user's now, and ends the connection.
    func kick(from group: GroupName) {
        // It may have left that user meanwhile.
        guard !isClosed, bindingGroup == group || memberships[group] != nil else { return }
        let body = ByteBuffer(string: #"{"reason":"the user logged in elsewhere"}"#)
        if let topic = try? TopicName(Disconnection.clientTopic) {
            try? send(topic: topic, payload: body, qos: .atMostOnce)
        }
        close(.kicked)
    }
}

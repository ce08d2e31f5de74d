import FoundationEssentials
import Mqant
import MqantMQTT
import NIOCore
import NIOFoundationEssentialsCompat

/// Binding sessions to users.
extension GateState {
    /// How long a newcomer waits for an older session to refuse it (`DuplicateLogin: "refuse"`).
    private static let verdictTime = TimeAmount.seconds(2)

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
            let hold = try await claim(userID, for: id, on: connection)
            return try await withConnection(id) { connection throws(RPCError) in
                try connection.finishBinding(userID, hold)
            }
        } catch {
            users.release(userID, connection)
            connection.shard.eventLoop.execute { connection.isBinding = false }
            throw error
        }
    }

    /// Subscribes to the user's group, and claims the user.
    private func claim(
        _ userID: String, for id: SessionID, on connection: ClientConnection
    ) async throws(RPCError) -> GroupHold {
        let group = GroupName.user(userID)
        let policy = configuration.duplicateLogin
        var mayBeRefused = false
        if policy == .refuse {
            if users.isTaken(userID, by: connection) { throw .duplicateLogin(userID) }
            mayBeRefused = try await context.node.pushConfirmed(.probe(group)) == .routed
        }
        let hold = try await groups.hold(group)
        if mayBeRefused {
            try await awaitVerdict(userID, for: id, on: connection)
        } else if policy != .allow {
            try users.claim(userID, for: id, on: connection, verdict: nil)
        }
        return hold
    }

    private func awaitVerdict(
        _ userID: String, for id: SessionID, on connection: ClientConnection
    ) async throws(RPCError) {
        let end = context.node.eventLoop.scheduleTask(in: Self.verdictTime) { [users] in
            users.settle(userID, connection)
        }
        defer { end.cancel() }
        let verdict: Result<Bool, RPCError> = await withCheckedContinuation { continuation in
            do throws(RPCError) {
                try users.claim(userID, for: id, on: connection) { continuation.resume(returning: .success($0)) }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        guard try verdict.get() else { throw .duplicateLogin(userID) }
    }

    /// Takes in what a Gate says of a user; what is not a claim is dropped.
    func receiveClaim(_ push: GroupPush) {
        guard let userID = push.group.userID,
            let message = try? JSONDecoder().decode(ClaimMessage.self, from: push.body)
        else {
            return logger.warning("claim dropped: not a claim", metadata: ["group": "\(push.group)"])
        }
        users.receive(message, of: userID)
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
        guard !isBinding else { return .isBusy }
        if box.state.userID.hasSameBytes(as: userID) { return .isDone(box.state) }
        _ = try changed { $0.userID = userID }
        _ = try unbind()
        isBinding = true
        return .isBegun
    }

    /// Returns when the session is not being bound any more. On any thread.
    func bindingEnded() async {
        await withCheckedContinuation { continuation in
            shard.eventLoop.execute { [self] in
                if isBinding { bindingWaiters.append(continuation) } else { continuation.resume() }
            }
        }
    }

    /// The Gate is subscribed to the group, and the user claimed.
    func finishBinding(_ userID: String, _ hold: GroupHold) throws(RPCError) -> SessionState {
        guard !isClosed, box != nil else { throw .noSession }
        let state = try changed { $0.userID = userID }
        isBinding = false
        memberships[hold.group] = Membership(index: shard.addMember(self, to: hold.group), hold: hold)
        return adopt(state)
    }

    func unbind() throws(RPCError) -> SessionState {
        guard !isClosed, let box else { throw .noSession }
        let userID = box.state.userID
        guard !userID.isEmpty else { return box.state }
        endMembership(of: .user(userID))
        gate.users.release(userID, self)
        return try update { $0.userID = "" }
    }

    /// Tells the client that another session is its user's now, and ends the connection. On any thread.
    func kick() {
        shard.eventLoop.execute { [self] in
            guard !isClosed else { return }
            let body = ByteBuffer(string: #"{"reason":"the user logged in elsewhere"}"#)
            if let topic = try? TopicName(Disconnection.clientTopic) {
                try? send(topic: topic, payload: body, qos: .atMostOnce)
            }
            close(.kicked)
        }
    }
}

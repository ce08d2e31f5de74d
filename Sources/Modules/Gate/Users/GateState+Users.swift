import FoundationEssentials
import MQTT
import Mqant
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
            try await claim(userID, for: id, on: connection)
            return try await withConnection(id) { connection throws(RPCError) in
                try connection.finishBinding(userID, group)
            }
        } catch {
            users.release(userID, connection)
            connection.shard.eventLoop.execute { connection.isBinding = false }
            throw error
        }
    }

    /// Binds the user's group, and claims the user.
    private func claim(
        _ userID: String, for id: SessionID, on connection: ClientConnection
    ) async throws(RPCError) {
        let group = GroupName.user(userID)
        let policy = configuration.duplicateLogin
        var mayBeRefused = false
        if policy == .refuse {
            if users.isTaken(userID, by: connection) { throw .duplicateLogin(userID) }
            mayBeRefused = try await context.node.pushConfirmed(.probe(group)) == .routed
        }
        let bound: Result<Void, RPCError> = await withCheckedContinuation { continuation in
            groups.retain(group) { continuation.resume(returning: $0) }
        }
        try bound.get()
        do throws(RPCError) {
            if mayBeRefused {
                try await awaitVerdict(userID, for: id, on: connection)
            } else if policy != .allow {
                try users.claim(userID, for: id, on: connection, verdict: nil)
            }
        } catch {
            groups.release(group)
            throw error
        }
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
        if box.state.userID == userID { return .isDone(box.state) }
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

    /// The group is bound, and the user claimed.
    func finishBinding(_ userID: String, _ group: GroupName) throws(RPCError) -> SessionState {
        guard !isClosed, box != nil else {
            gate.groups.release(group)
            throw .noSession
        }
        isBinding = false
        memberships[group] = Membership(index: shard.addMember(self, to: group))
        return try update { $0.userID = userID }
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
            if let topic = try? TopicName("Gate/OnKick") { try? send(topic: topic, payload: body, qos: .atMostOnce) }
            close(.kicked)
        }
    }
}

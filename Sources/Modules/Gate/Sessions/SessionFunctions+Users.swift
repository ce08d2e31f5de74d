import Mqant
import NIOCore

/// Binding sessions to users.
extension SessionFunctions {
    func bind(_ id: SessionID, to userID: String) async throws(RPCError) -> SessionState {
        let group = GroupName.user(userID)
        guard !userID.isEmpty, group.rawValue.utf8.count <= GroupName.maximumByteCount else {
            throw RPCError(.invalidArguments, "a user's id has 1 to \(GroupName.maximumUserIDByteCount) bytes")
        }
        let session = try session(id)
        var start = ClientSession.BindingStart.busy
        while case .busy = start {
            start = try await withSession(id) { session throws(RPCError) in try session.beginBinding(userID) }
            // Of a call that its caller has given up, say: each has its turn, and the last one wins.
            guard case .busy = start else { break }
            await withCheckedContinuation { waiter in
                session.eventLoop.execute { session.waitForBinding(waiter) }
            }
        }
        if case .done(let state) = start { return state }
        do throws(RPCError) {
            let hold = try await hold(userID, for: id)
            return try await withSession(id) { session throws(RPCError) in try session.finishBinding(userID, hold) }
        } catch {
            session.eventLoop.execute { session.endBinding() }
            throw error
        }
    }

    /// Asks for the user, and subscribes to the user's group.
    private func hold(_ userID: String, for id: SessionID) async throws(RPCError) -> GroupHold {
        let group = GroupName.user(userID)
        guard let policy = services.settings.duplicateLogin.policy else { return try await groups.hold(group) }
        guard let hold = try await groups.bind(id, to: group, policy: policy) else {
            throw RPCError(.remote, "\(userID) is logged in elsewhere")
        }
        return hold
    }

    /// Another session has the user whom a session had. On any thread.
    func superseded(_ id: SessionID, in group: GroupName) {
        guard let session = services.sessions[id] else { return }
        session.eventLoop.execute { session.kick(from: group) }
    }
}

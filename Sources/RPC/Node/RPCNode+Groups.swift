/// Groups and users.
extension RPCNode {
    /// Subscribes a Gate of this node to a group: on completion no push that begins later is missed.
    package func subscribe(
        _ gate: InstanceID, to group: GroupName,
        completion: @escaping @Sendable (Result<Void, RPCError>) -> Void
    ) {
        guard group.isValid else { return completion(.failure(.groupName)) }
        groups.subscribe(gate, to: group, completion: completion)
    }

    /// Ends what `subscribe` began.
    package func unsubscribe(_ gate: InstanceID, from group: GroupName) { groups.unsubscribe(gate, from: group) }

    /// Asks for a user for a session of a Gate of this node, and subscribes the Gate to the user's group. The group's
    /// owner decides which of a user's sessions stays.
    ///
    /// A session that was bound may lose its user later: `RPCServer.receivePushes` tells.
    package func bind(
        _ session: SessionID, at gate: InstanceID, to group: GroupName, policy: LoginPolicy,
        completion: @escaping @Sendable (Result<BindOutcome, RPCError>) -> Void
    ) {
        guard group.isValid else { return completion(.failure(.groupName)) }
        groups.bind(session, at: gate, to: group, policy: policy, completion: completion)
    }

    /// Ends what `bind` began.
    package func release(_ session: SessionID, at gate: InstanceID, from group: GroupName) {
        groups.release(session, at: gate, from: group)
    }

    /// Pushes to every member of a group, wherever it is connected. Fire and forget.
    package func push(_ push: GroupPush) {
        guard push.group.isValid else { return statistics.countLostCast() }
        pushes.push(push)
    }

    /// Pushes to every member of a group, and tells whether anybody is in it.
    package func pushConfirmed(_ push: GroupPush) async throws(RPCError) -> PushOutcome {
        guard push.group.isValid else { throw .groupName }
        let outcome: Result<PushOutcome, RPCError> = await withUnsafeContinuation { continuation in
            pushes.push(push) { continuation.resume(returning: $0) }
        }
        return try outcome.get()
    }
}

extension RPCError {
    fileprivate static let groupName = RPCError(
        .invalidArguments, "a group's name has 1 to \(GroupName.maximumByteCount) bytes", outcome: .notDelivered)
}

import NIOCore
import Synchronization

extension RPCNode {
    /// Has an instance that is about to be announced own groups, and be a Gate if it receives pushes.
    func serveGroups(of instance: InstanceDescription, receiver: GroupReceiver?) {
        let address = QueueAddress(instance.queue, generation: instance.generation ?? 0)
        groups.add(
            IncarnationID(instance.id, on: id, life: instance.life), instance.isGate ? nil : instance.type, at: address,
            receiver: receiver)
        // It may have got another queue meanwhile.
        let view = view
        guard let now = view.local[instance.id], let generation = now.generation, now.queue != instance.queue else {
            return
        }
        groups.reconnected([instance.id: QueueAddress(now.queue, generation: generation)], view)
    }

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

    /// Asks for a user for a session of a Gate of this node, and subscribes the Gate to the user's group. The group's owner decides
    /// which of a user's sessions stays.
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
        if let owner = localOwner(of: push.group) { return self.push(push, as: owner, nil) }
        call(.ownerOf(push.group), push.request, timeout: Self.pushTime) { [statistics] reply in
            if case .failure = reply { statistics.countLostCast() }
        }
    }

    /// Pushes to every member of a group, and tells whether anybody is in it.
    package func pushConfirmed(_ push: GroupPush) async throws(RPCError) -> PublishOutcome {
        guard push.group.isValid else { throw .groupName }
        let outcome: Result<PublishOutcome, RPCError> = await withUnsafeContinuation { continuation in
            if let owner = localOwner(of: push.group) {
                return self.push(push, as: owner) { continuation.resume(returning: $0) }
            }
            call(.ownerOf(push.group), push.request, timeout: Self.pushTime) { reply in
                continuation.resume(returning: PublishOutcome.read(reply))
            }
        }
        return try outcome.get()
    }

    /// How long a push may take to come to the owner of its group.
    private static var pushTime: TimeAmount { .seconds(10) }

    private func localOwner(of group: GroupName) -> InstanceID? {
        state.withLock { state in
            guard !state.isShutDown, state.parkedPushes.isEmpty,
                let candidate = try? state.view.route(.ownerOf(group), isFull: { _ in false })
            else { return nil }
            return candidate.isLocal ? candidate.instance.id : nil
        }
    }

    private func push(_ push: GroupPush, as owner: InstanceID, _ completion: GroupOwners.Pushed?) {
        groups.push(push, as: owner, completion: completion)
        guard push.group.ownerType != nil, state.withLock({ $0.view.setOwnsGroups(owner) }) else { return }
        tellViewObservers()
        announce()
    }

    /// Takes in what nodes tell each other of groups.
    /// - Returns: false if the request is none of these.
    func receiveGroupRequest(
        _ request: RPCRequest, for instance: InstanceID, completion: @escaping @Sendable (RPCReply) -> Void
    ) -> Bool {
        guard GroupPush.isPush(request) else {
            let isTaken = groups.receive(request, for: instance)
            // They are casts, but somebody else's request may ask for anything.
            if isTaken { completion(.success(.json(ByteBuffer(string: "null")))) }
            return isTaken
        }
        guard let push = GroupPush(request), push.group.isValid else {
            completion(.failure(RPCError(.invalidArguments, "a push has a group, a topic, and a QoS from 0 to 2")))
            return true
        }
        guard isOwner(instance, of: push.group) || request.headers[Self.forwardedHeader] != nil else {
            forward(request, push.group, completion)
            return true
        }
        self.push(push, as: instance) { outcome in
            completion(outcome.map { .json(ByteBuffer(string: $0 == .routed ? "true" : "false")) })
        }
        return true
    }

    /// Takes in a push that was sent to all nodes: the owner's own pushes it.
    func receiveFromEverywhere(_ request: RPCRequest) {
        guard GroupPush.isPush(request), let push = GroupPush(request), push.group.isValid,
            let owner = localOwner(of: push.group)
        else { return }
        self.push(push, as: owner, nil)
    }

    /// Marks a push that another instance has handed on: its receiver pushes it, whoever the owner may be by now.
    private static var forwardedHeader: String { "forwarded" }

    private func isOwner(_ instance: InstanceID, of group: GroupName) -> Bool {
        state.withLock { state in
            let owner = try? state.view.route(.ownerOf(group), isFull: { _ in false })
            return owner.map { $0.instance.id == instance } ?? true
        }
    }

    /// Hands a push on to the group's owner, for whoever sent it knew this instance only.
    private func forward(
        _ request: RPCRequest, _ group: GroupName, _ completion: @escaping @Sendable (RPCReply) -> Void
    ) {
        var forwarded = request
        forwarded.headers[Self.forwardedHeader] = "1"
        (forwarded.correlationID, forwarded.replyTo) = (nil, nil)
        let timeout = request.deadline.map { min(Self.pushTime, $0 - clock.now) } ?? Self.pushTime
        call(.ownerOf(group), forwarded, timeout: timeout, completion: completion)
    }
}

extension PublishOutcome {
    /// An owner's answer to a push; nobody is in a group that has no owner.
    fileprivate static func read(_ reply: RPCReply) -> Result<PublishOutcome, RPCError> {
        switch reply {
        case .success(let payload):
            .success(payload.buffer.readableBytesView.elementsEqual("true".utf8) ? .routed : .unroutable)
        case .failure(let error) where error.code == .notFound: .success(.unroutable)
        case .failure(let error): .failure(error)
        }
    }
}

extension GroupName {
    fileprivate var isValid: Bool { (1...Self.maximumByteCount).contains(rawValue.utf8.count) }
}

extension RPCError {
    fileprivate static let groupName = RPCError(
        .invalidArguments, "a group's name has 1 to \(GroupName.maximumByteCount) bytes", outcome: .notDelivered)
}

import NIOCore

/// The Gates of one node: what they tell the owners of groups, and what has come from these. A pure value; what follows
/// is in its outputs, in order.
struct GroupSubscribers: Sendable {
    typealias Joined = @Sendable (Result<Void, RPCError>) -> Void
    typealias Bound = @Sendable (Result<BindOutcome, RPCError>) -> Void

    enum Output: Sendable {
        /// A message for an owner.
        case tell(Subscriptions.Parcel, from: IncarnationID, at: QueueAddress, ModuleType?)
        /// A Gate writes a push to its members.
        case deliver(GroupPush, GroupReceiver)
        case run(@Sendable () -> Void)
    }

    private struct Gate: Sendable {
        let id: IncarnationID
        var address: QueueAddress
        var receiver: GroupReceiver
        /// By the type of the owners; nil: Gates.
        var subscriptions: [ModuleType?: Subscriptions] = [:]
        var waiting = WaitingMembers()
        var unanswered = UnansweredParcels()
        var receipts = DeliveryReceipts()
    }

    private var gates: [InstanceID: Gate] = [:]
    private var outputs: [Output] = []
    private var owners: OwnerDirectory

    init(node: NodeID) {
        owners = OwnerDirectory(node: node)
    }

    mutating func takeOutputs() -> [Output] {
        defer { outputs = [] }
        return outputs
    }

    // MARK: Instances of this node

    /// Where each is.
    var incarnations: ClusterView.Incarnations {
        Dictionary(uniqueKeysWithValues: gates.values.map { ($0.id, $0.address) })
    }

    func isHere(_ gate: IncarnationID) -> Bool { gates[gate.instance]?.id == gate }

    mutating func add(_ id: IncarnationID, at address: QueueAddress, receiver: GroupReceiver) {
        gates[id.instance] = Gate(id: id, address: address, receiver: receiver)
    }

    mutating func remove(_ instance: InstanceID) {
        guard let gate = gates.removeValue(forKey: instance) else { return }
        let (joins, logins) = gate.waiting.completions
        for join in joins { outputs.append(.run { join(.failure(.instanceNotFound)) }) }
        for login in logins { outputs.append(.run { login(.failure(.instanceNotFound)) }) }
    }

    /// Instances of this node have other queues.
    mutating func move(_ addresses: [InstanceID: QueueAddress]) {
        for (instance, address) in addresses { gates[instance]?.address = address }
        owners.move(addresses)
    }

    /// An owner of this node is there, or not any more.
    mutating func setLocalOwner(_ id: IncarnationID, _ type: ModuleType?, at address: QueueAddress?) {
        owners.setLocal(id, type, at: address)
    }

    // MARK: The cluster

    /// Takes a change of the cluster in.
    mutating func update(_ view: ClusterView, now: NIODeadline) {
        owners.update(view)
        for gate in Array(gates.keys) {
            for type in types(of: gate) { post(parcelsOfUpdate(gate, type), from: gate, type, now) }
            giveUpAnswers(at: gate, now)
        }
    }

    /// Instances of this node have the queues of a new connection, to which they have moved.
    mutating func reconnected(_ instances: Set<InstanceID>, _ view: ClusterView, now: NIODeadline) {
        owners.update(view)
        for gate in Array(gates.keys) {
            if instances.contains(gate) { gates[gate]?.unanswered.removeAll() }
            for type in types(of: gate) {
                let parcels = parcelsOfUpdate(gate, type)
                let again = !instances.contains(gate) ? parcels : gates[gate]?.subscriptions[type]?.reconnected() ?? []
                post(again, from: gate, type, now)
            }
        }
    }

    private func types(of gate: InstanceID) -> Set<ModuleType?> {
        owners.types.union(gates[gate]?.subscriptions.keys ?? [:].keys)
    }

    private mutating func parcelsOfUpdate(_ gate: InstanceID, _ type: ModuleType?) -> [Subscriptions.Parcel] {
        let (live, others) = owners.owners(type)
        return gates[gate]?.subscriptions[type, default: Subscriptions()].update(live: live, others: others) ?? []
    }

    // MARK: Joining and leaving

    /// A Gate gets its first member of a group.
    mutating func subscribe(_ gate: InstanceID, to group: GroupName, now: NIODeadline, completion: @escaping Joined) {
        guard gates[gate] != nil else { return outputs.append(.run { completion(.failure(.instanceNotFound)) }) }
        let type = group.ownerType
        prepare(gate, type, now)
        let parcels = gates[gate]?.subscriptions[type]?.subscribe(group) ?? []
        let isHeld = gates[gate]?.subscriptions[type]?.isHeld(group) == true
        if !isHeld {
            gates[gate]?.waiting.join(group, now: now, completion: completion)
        }
        post(parcels, from: gate, type, now)
        if isHeld { outputs.append(.run { completion(.success(())) }) }
    }

    /// The last member of a group is gone.
    mutating func unsubscribe(_ gate: InstanceID, from group: GroupName, now: NIODeadline) {
        let type = group.ownerType
        post(gates[gate]?.subscriptions[type]?.unsubscribe(group) ?? [], from: gate, type, now)
    }

    private mutating func prepare(_ gate: InstanceID, _ type: ModuleType?, _ now: NIODeadline) {
        if gates[gate]?.subscriptions[type] == nil { post(parcelsOfUpdate(gate, type), from: gate, type, now) }
    }

    private mutating func post(
        _ parcels: [Subscriptions.Parcel], from gate: InstanceID, _ type: ModuleType?, _ now: NIODeadline
    ) {
        for parcel in parcels {
            guard let id = gates[gate]?.id, let address = gates[gate]?.address else { break }
            if !owners.isLocal(parcel.receiver), parcel.message.isAnswered {
                gates[gate]?.unanswered.append(parcel, type, now: now)
            }
            outputs.append(.tell(parcel, from: id, at: address, type))
        }
        settle(gate, type)
    }

    /// What became of a parcel is known: it is in its queue, or not. In the queue is not enough where an answer is to
    /// come: what an owner pushes by itself does not come by its queue.
    mutating func ended(
        _ parcel: Subscriptions.Parcel, from gate: IncarnationID, _ type: ModuleType?, isDelivered: Bool
    ) {
        guard isHere(gate) else { return }
        let isAnswering = owners.answering.contains(parcel.receiver)
        let isOver = gates[gate.instance]?.unanswered
            .delivered(parcel, type, isDelivered: isDelivered, isAnswering: isAnswering)
        guard isOver == true else { return }
        gates[gate.instance]?.subscriptions[type]?.parcelEnded(parcel, isDelivered: isDelivered)
        settle(gate.instance, type)
    }

    /// An owner has taken messages in, and decided of users.
    mutating func receive(_ answer: SubscriptionAnswer, at gate: InstanceID, now: NIODeadline) {
        end(gates[gate]?.unanswered.answered(by: answer.owner, upTo: answer.number) ?? [], at: gate)
        for verdict in answer.verdicts { receive(verdict, from: answer.owner, number: answer.number, at: gate, now) }
    }

    private mutating func giveUpAnswers(at gate: InstanceID, _ now: NIODeadline) {
        end(gates[gate]?.unanswered.giveUp(answering: owners.answering, now: now) ?? [], at: gate)
    }

    private mutating func end(_ parcels: [UnansweredParcels.Ended], at gate: InstanceID) {
        for ended in parcels { gates[gate]?.subscriptions[ended.type]?.parcelEnded(ended.parcel, isDelivered: true) }
        for type in Set(parcels.map(\.type)) { settle(gate, type) }
    }

    private mutating func settle(_ gate: InstanceID, _ type: ModuleType?) {
        for group in gates[gate]?.subscriptions[type]?.takeSettled() ?? [] {
            for completion in gates[gate]?.waiting.endJoins(of: group) ?? [] {
                outputs.append(.run { completion(.success(())) })
            }
            for session in gates[gate]?.subscriptions[type]?.takeBound(in: group) ?? [] {
                end(WaitingMembers.Login(session: session, group: group), at: gate, .success(.bound))
            }
        }
    }

    // MARK: Users

    /// A session asks the owner of a user's group for the user.
    mutating func bind(
        _ claim: UserClaim, at gate: InstanceID, to group: GroupName, policy: LoginPolicy, now: NIODeadline,
        completion: @escaping Bound
    ) {
        guard gates[gate] != nil else { return outputs.append(.run { completion(.failure(.instanceNotFound)) }) }
        let type = group.ownerType
        prepare(gate, type, now)
        let login = WaitingMembers.Login(session: claim.session, group: group)
        gates[gate]?.waiting.bind(login, now: now, completion: completion)
        let parcels = gates[gate]?.subscriptions[type]?.bind(claim, to: group, policy: policy) ?? []
        post(parcels, from: gate, type, now)
    }

    /// A session has its user no more.
    mutating func release(_ session: SessionID, at gate: InstanceID, from group: GroupName, now: NIODeadline) {
        let type = group.ownerType
        post(gates[gate]?.subscriptions[type]?.release(session, from: group) ?? [], from: gate, type, now)
    }

    private mutating func receive(
        _ verdict: UserVerdict, from owner: IncarnationID, number: UInt64, at gate: InstanceID, _ now: NIODeadline
    ) {
        let type = verdict.group.ownerType
        guard
            let (parcels, consequence) = gates[gate]?.subscriptions[type]?.receive(
                verdict, from: owner, number: number)
        else { return }
        post(parcels, from: gate, type, now)
        let login = WaitingMembers.Login(session: verdict.session, group: verdict.group)
        switch consequence {
        case .nothing, .accepted: break
        case .refused: end(login, at: gate, .success(.refused))
        case .superseded:
            // Before its login fails, if that still waits: by then the Gate knows the session for one that asks for no
            // user.
            if let receiver = gates[gate]?.receiver {
                outputs.append(.run { receiver.superseded(login.session, login.group) })
            }
            end(login, at: gate, .success(.refused))
        }
    }

    private mutating func end(
        _ login: WaitingMembers.Login, at gate: InstanceID, _ result: Result<BindOutcome, RPCError>
    ) {
        guard let completion = gates[gate]?.waiting.end(login) else { return }
        outputs.append(.run { completion(result) })
    }

    // MARK: What owners push

    /// An owner of this node has a push for a Gate of this node, which drops what it has no members for.
    mutating func deliver(_ push: GroupPush, at gate: InstanceID) {
        guard let receiver = gates[gate]?.receiver,
            gates[gate]?.subscriptions[push.group.ownerType]?.includes(push.group) == true
        else { return }
        outputs.append(.deliver(push, receiver))
    }

    /// A push of another node's owner has come.
    mutating func receive(_ delivery: GroupDelivery, at gate: InstanceID, now: NIODeadline) {
        guard gates[gate] != nil else { return }
        let type = delivery.push.group.ownerType
        guard
            gates[gate]?.subscriptions[type, default: Subscriptions()].receive(delivery.number, from: delivery.owner)
                == true
        else { return }
        deliver(delivery.push, at: gate)
        if gates[gate]?.receipts.add(delivery.owner, type) == true { acknowledge(delivery.owner, at: gate, now) }
    }

    private mutating func acknowledge(_ owner: IncarnationID, at gate: InstanceID, _ now: NIODeadline) {
        guard let receipts = gates[gate]?.receipts.acknowledge(owner) else { return }
        post(gates[gate]?.subscriptions[receipts.type]?.acknowledge(owner) ?? [], from: gate, receipts.type, now)
    }

    // MARK: Time

    /// Whether something is to be looked at again in a while.
    var isWaiting: Bool {
        gates.values.contains { gate in
            !gate.waiting.isEmpty || !gate.receipts.isEmpty || !gate.unanswered.isEmpty
                || gate.subscriptions.values.contains(where: \.isAnyUnreachable)
        }
    }

    /// Does what is due by now.
    /// - Parameter isRound: whether a second has passed: owners are told what has come, and queues that took nothing
    ///   tried again.
    mutating func sweep(now: NIODeadline, isRound: Bool) {
        for gate in Array(gates.keys) {
            giveUpMembers(at: gate, now)
            giveUpAnswers(at: gate, now)
            guard isRound else { continue }
            for owner in gates[gate]?.receipts.owners ?? [] { acknowledge(owner, at: gate, now) }
            for type in types(of: gate) where gates[gate]?.subscriptions[type]?.isAnyUnreachable == true {
                post(gates[gate]?.subscriptions[type]?.retry() ?? [], from: gate, type, now)
            }
        }
    }

    private mutating func giveUpMembers(at gate: InstanceID, _ now: NIODeadline) {
        let error = RPCError(.timeout, "the owner of the group was not reached in time", outcome: .notDelivered)
        guard let (joins, logins) = gates[gate]?.waiting.overdue(now) else { return }
        for group in joins {
            let completions = gates[gate]?.waiting.endJoins(of: group) ?? []
            unsubscribe(gate, from: group, now: now)
            for completion in completions { outputs.append(.run { completion(.failure(error)) }) }
        }
        for login in logins {
            release(login.session, at: gate, from: login.group, now: now)
            end(login, at: gate, .failure(error))
        }
    }
}

import NIOCore

/// The Gates of one node: what they tell the owners of groups, and what has come from these. A pure value; what follows is in its
/// outputs, in order.
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
        var joining: [GroupName: Joining] = [:]
        var binding: [Login: Binding] = [:]
        /// Messages to owners that are to be answered, in the order in which they were sent.
        var unanswered: [IncarnationID: [Unanswered]] = [:]
        /// Deliveries of remote owners that these have not been told of.
        var unacknowledged: [IncarnationID: (type: ModuleType?, count: Int)] = [:]
    }

    private struct Unanswered: Sendable {
        var parcel: Subscriptions.Parcel
        var type: ModuleType?
        var since: NIODeadline
        /// Whether it is in the owner's queue.
        var isDelivered = false
    }

    private struct Joining: Sendable {
        var deadline: NIODeadline
        var completions: [Joined]
    }

    private struct Login: Hashable, Sendable {
        var session: SessionID
        var group: GroupName
    }

    private struct Binding: Sendable {
        var deadline: NIODeadline
        var completion: Bound
    }

    /// How long a first member waits to be there, and a session for its user.
    static var joinTime: TimeAmount { .seconds(10) }
    /// How long a Gate waits for the answer of an owner that has its message in its queue: nodes that are silent for so long are
    /// known to be.
    static var answerTime: TimeAmount { .seconds(4) }
    /// Deliveries after which a Gate tells their owner at once that they have come.
    private static var acknowledgedCount: Int { 64 }

    private let node: NodeID
    private var gates: [InstanceID: Gate] = [:]
    private var outputs: [Output] = []
    private var view = ClusterView()
    /// Owners of this node, those that are withdrawn too: they take what they are told at once.
    private var localOwners: [IncarnationID: (type: ModuleType?, address: QueueAddress)] = [:]
    private var answering: Set<IncarnationID> = []

    init(node: NodeID) {
        self.node = node
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
        let error = RPCError.instanceNotFound
        for joining in gate.joining.values {
            for completion in joining.completions { outputs.append(.run { completion(.failure(error)) }) }
        }
        for binding in gate.binding.values { outputs.append(.run { binding.completion(.failure(error)) }) }
    }

    /// Instances of this node have other queues.
    mutating func move(_ addresses: [InstanceID: QueueAddress]) {
        for (instance, address) in addresses { gates[instance]?.address = address }
        for id in localOwners.keys {
            if let address = addresses[id.instance] { localOwners[id]?.address = address }
        }
    }

    /// An owner of this node is there, or not any more.
    mutating func setLocalOwner(_ id: IncarnationID, _ type: ModuleType?, at address: QueueAddress?) {
        localOwners[id] = address.map { (type, $0) }
    }

    // MARK: The cluster

    /// Takes a change of the cluster in.
    mutating func update(_ view: ClusterView, now: NIODeadline) {
        take(view)
        for gate in Array(gates.keys) {
            for type in types(of: gate) { post(parcelsOfUpdate(gate, type), from: gate, type, now) }
            giveUpAnswers(at: gate, now)
        }
    }

    /// Instances of this node have the queues of a new connection, to which they have moved.
    mutating func reconnected(_ instances: Set<InstanceID>, _ view: ClusterView, now: NIODeadline) {
        take(view)
        for gate in Array(gates.keys) {
            if instances.contains(gate) { gates[gate]?.unanswered = [:] }
            for type in types(of: gate) {
                let parcels = parcelsOfUpdate(gate, type)
                let again = !instances.contains(gate) ? parcels : gates[gate]?.subscriptions[type]?.reconnected() ?? []
                post(again, from: gate, type, now)
            }
        }
    }

    private mutating func take(_ view: ClusterView) {
        self.view = view
        answering = view.answeringIncarnations()
    }

    private func types(of gate: InstanceID) -> Set<ModuleType?> {
        var types: Set<ModuleType?> = [nil]
        for type in view.owningTypes { types.insert(type) }
        for type in gates[gate]?.subscriptions.keys ?? [:].keys { types.insert(type) }
        return types
    }

    private mutating func parcelsOfUpdate(_ gate: InstanceID, _ type: ModuleType?) -> [Subscriptions.Parcel] {
        var (live, others) = view.ownerIncarnations(type, on: node)
        // One that is withdrawn takes pushes until its queue is closed.
        for (id, owner) in localOwners where owner.type == type && live[id] == nil { others[id] = owner.address }
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
            gates[gate]?.joining[group, default: Joining(deadline: now + Self.joinTime, completions: [])]
                .completions.append(completion)
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
            if localOwners[parcel.receiver] == nil, parcel.message.isAnswered {
                let unanswered = Unanswered(parcel: parcel, type: type, since: now)
                gates[gate]?.unanswered[parcel.receiver, default: []].append(unanswered)
            }
            outputs.append(.tell(parcel, from: id, at: address, type))
        }
        settle(gate, type)
    }

    /// What became of a parcel is known: it is in its queue, or not. In the queue is not enough where an answer is to come: what an
    /// owner pushes by itself does not come by its queue.
    mutating func ended(
        _ parcel: Subscriptions.Parcel, from gate: IncarnationID, _ type: ModuleType?, isDelivered: Bool
    ) {
        guard isHere(gate) else { return }
        let index = gates[gate.instance]?.unanswered[parcel.receiver]?.firstIndex { unanswered in
            unanswered.parcel.number == parcel.number && unanswered.type == type
        }
        if let index {
            guard !isDelivered || !answering.contains(parcel.receiver) else {
                gates[gate.instance]?.unanswered[parcel.receiver]?[index].isDelivered = true
                return
            }
            gates[gate.instance]?.unanswered[parcel.receiver]?.remove(at: index)
        }
        gates[gate.instance]?.subscriptions[type]?.parcelEnded(parcel, isDelivered: isDelivered)
        settle(gate.instance, type)
    }

    /// An owner has taken messages in, and decided of users.
    mutating func receive(_ answer: SubscriptionAnswer, at gate: InstanceID, now: NIODeadline) {
        endAnswers(of: answer.owner, at: gate) { $0.parcel.number <= answer.number }
        for verdict in answer.verdicts { receive(verdict, from: answer.owner, number: answer.number, at: gate, now) }
    }

    /// Ends what owners that are silent, gone or too slow will not answer.
    private mutating func giveUpAnswers(at gate: InstanceID, _ now: NIODeadline) {
        for owner in Array(gates[gate]?.unanswered.keys ?? [:].keys) {
            let isSilent = !answering.contains(owner)
            endAnswers(of: owner, at: gate) { unanswered in
                unanswered.isDelivered && (isSilent || now - unanswered.since >= Self.answerTime)
            }
        }
    }

    private mutating func endAnswers(
        of owner: IncarnationID, at gate: InstanceID, where isOver: (Unanswered) -> Bool
    ) {
        guard let unanswered = gates[gate]?.unanswered[owner] else { return }
        let over = unanswered.filter(isOver)
        guard !over.isEmpty else { return }
        let left = unanswered.filter { !isOver($0) }
        gates[gate]?.unanswered[owner] = left.isEmpty ? nil : left
        for one in over { gates[gate]?.subscriptions[one.type]?.parcelEnded(one.parcel, isDelivered: true) }
        for type in Set(over.map(\.type)) { settle(gate, type) }
    }

    private mutating func settle(_ gate: InstanceID, _ type: ModuleType?) {
        for group in gates[gate]?.subscriptions[type]?.takeSettled() ?? [] {
            for completion in gates[gate]?.joining.removeValue(forKey: group)?.completions ?? [] {
                outputs.append(.run { completion(.success(())) })
            }
            for session in gates[gate]?.subscriptions[type]?.takeBound(in: group) ?? [] {
                end(Login(session: session, group: group), at: gate, .success(.bound))
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
        let login = Login(session: claim.session, group: group)
        gates[gate]?.binding[login] = Binding(deadline: now + Self.joinTime, completion: completion)
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
        let login = Login(session: verdict.session, group: verdict.group)
        switch consequence {
        case .nothing, .accepted: break
        case .refused: end(login, at: gate, .success(.refused))
        case .superseded:
            // Before its login fails, if that still waits: by then the Gate knows the session for one that asks for no user.
            if let receiver = gates[gate]?.receiver {
                outputs.append(.run { receiver.superseded(login.session, login.group) })
            }
            end(login, at: gate, .success(.refused))
        }
    }

    private mutating func end(_ login: Login, at gate: InstanceID, _ result: Result<BindOutcome, RPCError>) {
        guard let binding = gates[gate]?.binding.removeValue(forKey: login) else { return }
        outputs.append(.run { binding.completion(result) })
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
        gates[gate]?.unacknowledged[delivery.owner, default: (type, 0)].count += 1
        if gates[gate]?.unacknowledged[delivery.owner]?.count ?? 0 >= Self.acknowledgedCount {
            acknowledge(delivery.owner, at: gate, now)
        }
    }

    private mutating func acknowledge(_ owner: IncarnationID, at gate: InstanceID, _ now: NIODeadline) {
        guard let arrivals = gates[gate]?.unacknowledged.removeValue(forKey: owner) else { return }
        post(gates[gate]?.subscriptions[arrivals.type]?.acknowledge(owner) ?? [], from: gate, arrivals.type, now)
    }

    // MARK: Time

    /// Whether something is to be looked at again in a while.
    var isWaiting: Bool {
        gates.values.contains { gate in
            !gate.joining.isEmpty || !gate.binding.isEmpty || !gate.unacknowledged.isEmpty || !gate.unanswered.isEmpty
                || gate.subscriptions.values.contains(where: \.isAnyUnreachable)
        }
    }

    /// Does what is due by now.
    /// - Parameter isRound: whether a second has passed: owners are told what has come, and queues that took nothing tried again.
    mutating func sweep(now: NIODeadline, isRound: Bool) {
        for gate in Array(gates.keys) {
            giveUpMembers(at: gate, now)
            giveUpAnswers(at: gate, now)
            guard isRound else { continue }
            for owner in Array(gates[gate]?.unacknowledged.keys ?? [:].keys) { acknowledge(owner, at: gate, now) }
            for type in types(of: gate) where gates[gate]?.subscriptions[type]?.isAnyUnreachable == true {
                post(gates[gate]?.subscriptions[type]?.retry() ?? [], from: gate, type, now)
            }
        }
    }

    private mutating func giveUpMembers(at gate: InstanceID, _ now: NIODeadline) {
        let error = RPCError(.timeout, "the owner of the group was not reached in time", outcome: .notDelivered)
        for (group, joining) in (gates[gate]?.joining ?? [:]).filter({ $0.value.deadline <= now }) {
            gates[gate]?.joining[group] = nil
            unsubscribe(gate, from: group, now: now)
            for completion in joining.completions { outputs.append(.run { completion(.failure(error)) }) }
        }
        for login in (gates[gate]?.binding ?? [:]).filter({ $0.value.deadline <= now }).keys {
            release(login.session, at: gate, from: login.group, now: now)
            end(login, at: gate, .failure(error))
        }
    }
}

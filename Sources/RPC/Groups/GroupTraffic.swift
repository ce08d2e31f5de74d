import NIOCore

/// What the Gates and the owners of one node know of groups, and what follows from what happens. A pure value: what is to be
/// done is in `actions`, in order.
struct GroupTraffic: Sendable {
    typealias Joined = @Sendable (Result<Void, RPCError>) -> Void
    typealias Pushed = @Sendable (Result<PublishOutcome, RPCError>) -> Void

    /// What is to be done.
    enum Action: Sendable {
        /// A Gate of this node writes a push to its members.
        case deliver(GroupPush, @Sendable (GroupPush) -> Void)
        case send(RPCRequest, to: QueueName, Confirmation)
        /// Nobody is told what becomes of it.
        case cast(RPCRequest, to: QueueName)
        case run(@Sendable () -> Void)
    }

    /// What the outcome of a send is for.
    enum Confirmation: Sendable {
        case parcel(Subscriptions.Parcel, from: IncarnationID, ModuleType?)
        case delivery(from: IncarnationID, to: IncarnationID, at: QueueAddress, PushCounter?)
    }

    struct Gate: Sendable {
        let id: IncarnationID
        var address: QueueAddress
        var receiver: @Sendable (GroupPush) -> Void
        /// By the type of the owners; nil: Gates.
        var subscriptions: [ModuleType?: Subscriptions] = [:]
        var joining: [GroupName: Joining] = [:]
        /// Messages to owners that are to be answered, in the order in which they were sent.
        var unanswered: [IncarnationID: [Unanswered]] = [:]
        /// Deliveries of remote owners that these have not been told of.
        var unacknowledged: [IncarnationID: (type: ModuleType?, count: Int)] = [:]
    }

    struct Unanswered: Sendable {
        var parcel: Subscriptions.Parcel
        var type: ModuleType?
        var since: NIODeadline
        /// Whether it is in the owner's queue.
        var isDelivered = false
    }

    struct Joining: Sendable {
        var deadline: NIODeadline
        var completions: [Joined]
    }

    struct Owner: Sendable {
        let id: IncarnationID
        let type: ModuleType?
        var address: QueueAddress
        var groups: GroupOwner<GroupPush>
        /// Pushes whose audience is not known before all Gates have told.
        var undecided: [Undecided] = []
        /// Whether others have been told that it pushes to groups of its own.
        var isAnnounced = false
    }

    struct Undecided: Sendable {
        var group: GroupName
        var deadline: NIODeadline
        var completion: Pushed
    }

    /// How long a first member waits to be there.
    static var joinTime: TimeAmount { .seconds(10) }
    /// How long a push waits to know whether it was for anybody.
    static var audienceTime: TimeAmount { .seconds(1) }
    /// How long pushes are kept for a Gate that nobody has heard of since its queue was gone.
    static var returnTime: TimeAmount { .seconds(5) }
    /// How long a Gate waits for the answer of an owner that has its message in its queue: nodes that are silent for so long are
    /// known to be.
    static var answerTime: TimeAmount { .seconds(4) }
    /// Deliveries after which a Gate tells their owner at once that they have come.
    private static var acknowledgedCount: Int { 64 }

    let node: NodeID
    private(set) var gates: [InstanceID: Gate] = [:]
    private(set) var owners: [InstanceID: Owner] = [:]
    private(set) var actions: [Action] = []
    private var view = ClusterView()
    /// Gates of other nodes that nobody has heard of since their queues were gone: they may come back under new ones.
    private var missing: [IncarnationID: (address: QueueAddress, since: NIODeadline)] = [:]
    private var knownGates: ClusterView.Incarnations = [:]
    private var answering: Set<IncarnationID> = []
    /// Since when an owner has had the word of a Gate of which nobody else has heard.
    private var strangersSince: NIODeadline?

    init(node: NodeID) {
        self.node = node
    }

    mutating func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }

    // MARK: Instances of this node

    /// An instance is served: it may own groups, and is a Gate if it receives pushes.
    mutating func add(
        _ id: IncarnationID, _ ownerType: ModuleType?, at address: QueueAddress,
        receiver: (@Sendable (GroupPush) -> Void)?
    ) {
        owners[id.instance] = Owner(id: id, type: ownerType, address: address, groups: GroupOwner(id.instance))
        if let receiver { gates[id.instance] = Gate(id: id, address: address, receiver: receiver) }
    }

    /// An instance is not served any more.
    mutating func remove(_ instance: InstanceID) {
        let error = RPCError.instanceNotFound
        for joining in gates.removeValue(forKey: instance)?.joining.values ?? [:].values {
            for completion in joining.completions { actions.append(.run { completion(.failure(error)) }) }
        }
        for push in owners.removeValue(forKey: instance)?.undecided ?? [] {
            actions.append(.run { push.completion(.success(.unroutable)) })
        }
    }

    // MARK: The cluster

    /// Takes a change of the cluster in.
    mutating func update(_ view: ClusterView, now: NIODeadline) {
        guard view.version >= self.view.version else { return }
        self.view = view
        answering = view.answeringIncarnations()
        updateOwners(now)
        for gate in Array(gates.keys) {
            for type in types(of: gate) { post(parcelsOfUpdate(gate, type), from: gate, type, now) }
            giveUpAnswers(at: gate, now)
        }
        decide(now)
    }

    /// Instances of this node have the queues of a new connection.
    mutating func reconnected(_ addresses: [InstanceID: QueueAddress], _ view: ClusterView, now: NIODeadline) {
        self.view = view
        answering = view.answeringIncarnations()
        for (instance, address) in addresses {
            owners[instance]?.address = address
            gates[instance]?.address = address
        }
        updateOwners(now)
        for instance in addresses.keys where owners[instance] != nil {
            guard let deliveries = owners[instance]?.groups.reconnected() else { continue }
            emit(deliveries, from: instance, nil)
        }
        for gate in Array(gates.keys) {
            if addresses[gate] != nil { gates[gate]?.unanswered = [:] }
            for type in types(of: gate) {
                let parcels = parcelsOfUpdate(gate, type)
                let again = addresses[gate] == nil ? parcels : gates[gate]?.subscriptions[type]?.reconnected() ?? []
                post(again, from: gate, type, now)
            }
        }
        decide(now)
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
        for owner in owners.values where owner.type == type && live[owner.id] == nil {
            others[owner.id] = owner.address
        }
        return gates[gate]?.subscriptions[type, default: Subscriptions()].update(live: live, others: others) ?? []
    }

    private mutating func updateOwners(_ now: NIODeadline) {
        var known = view.gateIncarnations(on: node)
        for gate in gates.values { known[gate.id] = gate.address }
        for (id, address) in knownGates where known[id] == nil && id.node != node && missing[id] == nil {
            missing[id] = (address, now)
        }
        for (id, gate) in missing {
            if known[id] != nil || now - gate.since >= Self.returnTime || view.isGone(id) {
                missing[id] = nil
            } else {
                known[id] = gate.address
            }
        }
        knownGates = known
        let local = Set(gates.values.map(\.id))
        for owner in Array(owners.keys) { owners[owner]?.groups.update(gates: known, local: local) }
    }

    // MARK: Joining and leaving

    /// A Gate gets its first member of a group.
    mutating func subscribe(_ gate: InstanceID, to group: GroupName, now: NIODeadline, completion: @escaping Joined) {
        guard gates[gate] != nil else { return actions.append(.run { completion(.failure(.instanceNotFound)) }) }
        let type = group.ownerType
        if gates[gate]?.subscriptions[type] == nil { post(parcelsOfUpdate(gate, type), from: gate, type, now) }
        let parcels = gates[gate]?.subscriptions[type]?.subscribe(group) ?? []
        if gates[gate]?.subscriptions[type]?.isHeld(group) != true {
            gates[gate]?.joining[group, default: Joining(deadline: now + Self.joinTime, completions: [])]
                .completions.append(completion)
            return post(parcels, from: gate, type, now)
        }
        post(parcels, from: gate, type, now)
        actions.append(.run { completion(.success(())) })
    }

    /// The last member of a group is gone.
    mutating func unsubscribe(_ gate: InstanceID, from group: GroupName, now: NIODeadline) {
        let type = group.ownerType
        post(gates[gate]?.subscriptions[type]?.unsubscribe(group) ?? [], from: gate, type, now)
    }

    private mutating func post(
        _ parcels: [Subscriptions.Parcel], from gate: InstanceID, _ type: ModuleType?, _ now: NIODeadline
    ) {
        for parcel in parcels { post(parcel, from: gate, type, now) }
        settle(gate, type)
    }

    private mutating func post(
        _ parcel: Subscriptions.Parcel, from gate: InstanceID, _ type: ModuleType?, _ now: NIODeadline
    ) {
        // Field by field: a copy of the whole would have all of it copied where it is changed.
        guard let id = gates[gate]?.id, let address = gates[gate]?.address else { return }
        let receiver = parcel.receiver.instance
        if owners[receiver]?.id == parcel.receiver {
            let isDelivered = owners[receiver]?.address == parcel.address
            if isDelivered { receive([parcel.message], at: receiver, from: id, at: address) }
            gates[gate]?.subscriptions[type]?.parcelEnded(parcel, isDelivered: isDelivered)
            return
        }
        let message = SubscriptionRequest(parcel.message, number: parcel.number, from: id, at: address)
        guard let request = message.request else { return }
        if message.isAnswered {
            gates[gate]?.unanswered[parcel.receiver, default: []].append(
                Unanswered(parcel: parcel, type: type, since: now))
        }
        actions.append(.send(request, to: parcel.address.queue, .parcel(parcel, from: id, type)))
    }

    /// What became of a parcel is known: it is in its queue, or not. In the queue is not enough where an answer is to come: what an
    /// owner pushes by itself does not come by its queue.
    mutating func ended(
        _ parcel: Subscriptions.Parcel, from gate: IncarnationID, _ type: ModuleType?, _ outcome: DeliveryOutcome
    ) {
        guard gates[gate.instance]?.id == gate else { return }
        let isDelivered = if case .delivered = outcome { true } else { false }
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

    /// An owner has taken messages in.
    mutating func receive(_ answer: SubscriptionAnswer, at gate: InstanceID) {
        endAnswers(of: answer.owner, at: gate) { $0.parcel.number <= answer.number }
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
                actions.append(.run { completion(.success(())) })
            }
        }
    }

    // MARK: Pushing

    /// Takes a Gate's word in, and answers it.
    mutating func receive(_ request: SubscriptionRequest, at owner: InstanceID, now: NIODeadline) {
        receive(request.messages, at: owner, from: request.sender, at: request.address, now: now)
        if request.isAnswered, let id = owners[owner]?.id {
            actions.append(
                .cast(SubscriptionAnswer(from: id, number: request.number).request, to: request.address.queue))
        }
        decide(now)
    }

    /// Takes a Gate's word in.
    mutating func receive(
        _ messages: [SubscriptionMessage], at owner: InstanceID, from gate: IncarnationID, at address: QueueAddress,
        now: NIODeadline? = nil
    ) {
        if let now, knownGates[gate] == nil { strangersSince = strangersSince ?? now }
        for message in messages {
            emit(owners[owner]?.groups.received(message, from: gate, at: address) ?? [], from: owner, nil)
        }
    }

    /// An owner pushes to a group.
    /// - Parameter completion: told whether anybody is in it, once the push is on its way; nil: nobody asks.
    mutating func push(_ push: GroupPush, as owner: InstanceID, now: NIODeadline, completion: Pushed?) {
        guard owners[owner] != nil else {
            if let completion { actions.append(.run { completion(.failure(.withdrawn)) }) }
            return
        }
        let audience = completion == nil ? .members : owners[owner]?.groups.audience(of: push.group) ?? .nobody
        let counter: PushCounter?
        switch audience {
        case .unknown:
            counter = nil
            if let completion {
                owners[owner]?.undecided.append(
                    Undecided(group: push.group, deadline: now + Self.audienceTime, completion: completion))
            }
        case .members, .nobody:
            counter = completion.map { PushCounter(audience == .members ? .routed : .unroutable, $0) }
        }
        if !push.isProbe {
            let weight = push.body.readableBytes + 256
            emit(owners[owner]?.groups.push(push, to: push.group, weight: weight) ?? [], from: owner, counter)
        }
        if let counter { actions.append(.run { counter.end() }) }
    }

    private mutating func emit(
        _ deliveries: [GroupOwner<GroupPush>.Delivery], from owner: InstanceID, _ counter: PushCounter?
    ) {
        guard let id = owners[owner]?.id else { return }
        for delivery in deliveries {
            let gate = delivery.receiver.instance
            if gates[gate]?.id == delivery.receiver {
                if let receiver = gates[gate]?.receiver,
                    gates[gate]?.subscriptions[delivery.group.ownerType]?.includes(delivery.group) == true
                {
                    actions.append(.deliver(delivery.content, receiver))
                }
                continue
            }
            counter?.begin()
            let request = GroupDelivery(delivery.content, from: id, number: delivery.number).request
            actions.append(
                .send(
                    request, to: delivery.address.queue,
                    .delivery(from: id, to: delivery.receiver, at: delivery.address, counter)))
        }
    }

    /// A delivery came back: its queue is gone.
    mutating func returned(from owner: IncarnationID, to gate: IncarnationID, at address: QueueAddress) {
        guard owners[owner.instance]?.id == owner else { return }
        owners[owner.instance]?.groups.returned(to: gate, at: address)
    }

    /// A push of another node's owner has come.
    mutating func receive(_ delivery: GroupDelivery, at gate: InstanceID, now: NIODeadline) {
        guard let receiver = gates[gate]?.receiver else { return }
        let (type, group) = (delivery.push.group.ownerType, delivery.push.group)
        guard
            gates[gate]?.subscriptions[type, default: Subscriptions()].receive(delivery.number, from: delivery.owner)
                == true
        else { return }
        if gates[gate]?.subscriptions[type]?.includes(group) == true {
            actions.append(.deliver(delivery.push, receiver))
        }
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
        !missing.isEmpty || strangersSince != nil
            || owners.values.contains { !$0.undecided.isEmpty }
            || gates.values.contains { gate in
                !gate.joining.isEmpty || !gate.unacknowledged.isEmpty || !gate.unanswered.isEmpty
                    || gate.subscriptions.values.contains(where: \.isAnyUnreachable)
            }
    }

    /// Does what is due by now.
    /// - Parameter isRound: whether a second has passed: owners are told what has come, and queues that took nothing tried again.
    mutating func sweep(now: NIODeadline, isRound: Bool) {
        for gate in Array(gates.keys) {
            for (group, joining) in (gates[gate]?.joining ?? [:]).filter({ $0.value.deadline <= now }) {
                gates[gate]?.joining[group] = nil
                unsubscribe(gate, from: group, now: now)
                let error = RPCError(.timeout, "the owner of the group was not reached in time", outcome: .notDelivered)
                for completion in joining.completions { actions.append(.run { completion(.failure(error)) }) }
            }
            giveUpAnswers(at: gate, now)
            guard isRound else { continue }
            for owner in Array(gates[gate]?.unacknowledged.keys ?? [:].keys) { acknowledge(owner, at: gate, now) }
            for type in types(of: gate) where gates[gate]?.subscriptions[type]?.isAnyUnreachable == true {
                post(gates[gate]?.subscriptions[type]?.retry() ?? [], from: gate, type, now)
            }
        }
        // Whoever is announced is known by then.
        let haveStrangersWaited = strangersSince.map { now - $0 >= Self.returnTime } ?? false
        if haveStrangersWaited || missing.values.contains(where: { now - $0.since >= Self.returnTime }) {
            strangersSince = nil
            updateOwners(now)
        }
        decide(now)
    }

    /// Answers pushes of which it is known by now whether they were for anybody.
    mutating func decide(_ now: NIODeadline) {
        for owner in Array(owners.keys) {
            guard let undecided = owners[owner]?.undecided, !undecided.isEmpty else { continue }
            var left: [Undecided] = []
            for push in undecided {
                let audience = owners[owner]?.groups.audience(of: push.group) ?? .nobody
                if audience == .unknown, push.deadline > now {
                    left.append(push)
                } else {
                    // Those who did not tell have got it.
                    let outcome = audience == .nobody ? PublishOutcome.unroutable : .routed
                    actions.append(.run { push.completion(.success(outcome)) })
                }
            }
            owners[owner]?.undecided = left
        }
    }

    /// Notes that an owner pushes to groups of its own type.
    /// - Returns: whether others are to be told.
    mutating func announces(_ owner: InstanceID) -> Bool {
        guard let known = owners[owner], known.type != nil, !known.isAnnounced else { return false }
        owners[owner]?.isAnnounced = true
        return true
    }
}

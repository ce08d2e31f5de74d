import NIOCore

/// What the Gates and the owners of one node do about groups. A pure value: what is to be done is in `actions`, in order. What
/// goes from an owner to a Gate of the same node, or back, takes no way.
struct GroupTraffic: Sendable {
    /// What is to be done.
    enum Action: Sendable {
        /// A Gate of this node writes a push to its members.
        case deliver(GroupPush, GroupReceiver)
        case send(RPCRequest, to: QueueName, Confirmation)
        /// Nobody is told what becomes of it.
        case cast(RPCRequest, to: QueueName)
        /// Deliveries were given up, for some of the Gates for the first time since these had all.
        case dropped(Int, began: [InstanceID], by: InstanceID)
        case run(@Sendable () -> Void)
    }

    /// What the outcome of a send is for.
    enum Confirmation: Sendable {
        case parcel(Subscriptions.Parcel, from: IncarnationID, ModuleType?)
        case delivery(from: IncarnationID, to: IncarnationID, at: QueueAddress, PushCounter?)
    }

    private var subscribers: GroupSubscribers
    private var owners: GroupOwners
    private(set) var actions: [Action] = []
    private var version: UInt64 = 0

    init(node: NodeID) {
        subscribers = GroupSubscribers(node: node)
        owners = GroupOwners(node: node)
    }

    mutating func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }

    // MARK: Instances of this node

    /// An instance is served: it may own groups, and is a Gate if it receives pushes.
    mutating func add(
        _ id: IncarnationID, _ ownerType: ModuleType?, at address: QueueAddress, receiver: GroupReceiver?
    ) {
        owners.add(id, ownerType, at: address)
        subscribers.setLocalOwner(id, ownerType, at: address)
        if let receiver { subscribers.add(id, at: address, receiver: receiver) }
    }

    /// An instance is not served any more.
    mutating func remove(_ instance: InstanceID, now: NIODeadline) {
        subscribers.remove(instance)
        if let owner = owners.remove(instance) { subscribers.setLocalOwner(owner, nil, at: nil) }
        handOver(now)
    }

    // MARK: The cluster

    /// Takes a change of the cluster in.
    mutating func update(_ view: ClusterView, now: NIODeadline) {
        guard view.version >= version else { return }
        version = view.version
        owners.update(view, localGates: subscribers.incarnations, now: now)
        subscribers.update(view, now: now)
        owners.decide(now)
        handOver(now)
    }

    /// Instances of this node have the queues of a new connection.
    mutating func reconnected(_ addresses: [InstanceID: QueueAddress], _ view: ClusterView, now: NIODeadline) {
        version = view.version
        subscribers.move(addresses)
        owners.reconnected(addresses, view, localGates: subscribers.incarnations, now: now)
        subscribers.reconnected(Set(addresses.keys), view, now: now)
        owners.decide(now)
        handOver(now)
    }

    // MARK: What Gates do

    /// A Gate gets its first member of a group.
    mutating func subscribe(
        _ gate: InstanceID, to group: GroupName, now: NIODeadline, completion: @escaping GroupSubscribers.Joined
    ) {
        subscribers.subscribe(gate, to: group, now: now, completion: completion)
        handOver(now)
    }

    /// The last member of a group is gone.
    mutating func unsubscribe(_ gate: InstanceID, from group: GroupName, now: NIODeadline) {
        subscribers.unsubscribe(gate, from: group, now: now)
        handOver(now)
    }

    /// A session asks the owner of a user's group for the user.
    mutating func bind(
        _ claim: UserClaim, at gate: InstanceID, to group: GroupName, policy: LoginPolicy, now: NIODeadline,
        completion: @escaping GroupSubscribers.Bound
    ) {
        subscribers.bind(claim, at: gate, to: group, policy: policy, now: now, completion: completion)
        handOver(now)
    }

    /// A session has its user no more.
    mutating func release(_ session: SessionID, at gate: InstanceID, from group: GroupName, now: NIODeadline) {
        subscribers.release(session, at: gate, from: group, now: now)
        handOver(now)
    }

    // MARK: What comes from other nodes

    /// An owner has taken messages in, and decided of users.
    mutating func receive(_ answer: SubscriptionAnswer, at gate: InstanceID, now: NIODeadline) {
        subscribers.receive(answer, at: gate, now: now)
        handOver(now)
    }

    /// A push of another node's owner has come.
    mutating func receive(_ delivery: GroupDelivery, at gate: InstanceID, now: NIODeadline) {
        subscribers.receive(delivery, at: gate, now: now)
        handOver(now)
    }

    /// A Gate's word has come.
    mutating func receive(_ request: SubscriptionRequest, at owner: InstanceID, now: NIODeadline) {
        owners.receive(request, at: owner, now: now)
        handOver(now)
    }

    // MARK: What owners do

    /// An owner pushes to a group.
    /// - Parameter completion: told whether anybody is in it, once the push is on its way; nil: nobody asks.
    mutating func push(
        _ push: GroupPush, as owner: InstanceID, now: NIODeadline, completion: GroupOwners.Pushed?
    ) {
        owners.push(push, as: owner, now: now, completion: completion)
        handOver(now)
    }

    // MARK: Outcomes and time

    /// What became of a send is known.
    mutating func ended(_ confirmation: Confirmation, _ outcome: DeliveryOutcome, now: NIODeadline) {
        switch confirmation {
        case .parcel(let parcel, let gate, let type):
            let isDelivered = if case .delivered = outcome { true } else { false }
            subscribers.ended(parcel, from: gate, type, isDelivered: isDelivered)
        case .delivery(let owner, let gate, let address, let counter):
            if case .returned = outcome { owners.returned(from: owner, to: gate, at: address) }
            // Too large, say: nobody tells the pusher but this.
            let error: RPCError? = if case .refused(let error) = outcome { error } else { nil }
            if let counter { actions.append(.run { counter.end(error) }) }
        }
        handOver(now)
    }

    /// Whether something is to be looked at again in a while.
    var isWaiting: Bool { subscribers.isWaiting || owners.isWaiting }

    /// Does what is due by now.
    /// - Parameter isRound: whether a second has passed.
    mutating func sweep(now: NIODeadline, isRound: Bool) {
        subscribers.sweep(now: now, isRound: isRound)
        owners.sweep(now: now, isRound: isRound)
        handOver(now)
    }

    // MARK: Between Gates and owners

    /// Hands over what Gates and owners of this node have for each other, until they have nothing any more; the rest is to be
    /// done.
    private mutating func handOver(_ now: NIODeadline) {
        while true {
            let (fromOwners, fromSubscribers) = (owners.takeOutputs(), subscribers.takeOutputs())
            if fromOwners.isEmpty, fromSubscribers.isEmpty { return }
            for output in fromOwners { handOver(output, now) }
            for output in fromSubscribers { handOver(output, now) }
        }
    }

    private mutating func handOver(_ output: GroupOwners.Output, _ now: NIODeadline) {
        switch output {
        case .deliver(let delivery, let owner, let counter):
            if subscribers.isHere(delivery.receiver) {
                subscribers.deliver(delivery.content, at: delivery.receiver.instance)
                if let counter { actions.append(.run { counter.end() }) }
                return
            }
            let request = GroupDelivery(delivery.content, from: owner, number: delivery.number).request
            let confirmation = Confirmation.delivery(
                from: owner, to: delivery.receiver, at: delivery.address, counter)
            actions.append(.send(request, to: delivery.address.queue, confirmation))
        case .answer(let answer, let gate, let address):
            if subscribers.isHere(gate) {
                subscribers.receive(answer, at: gate.instance, now: now)
            } else {
                actions.append(.cast(answer.request, to: address.queue))
            }
        case .dropped(let count, let gates, let owner):
            actions.append(.dropped(count, began: gates.map(\.instance), by: owner.instance))
        case .run(let body): actions.append(.run(body))
        }
    }

    private mutating func handOver(_ output: GroupSubscribers.Output, _ now: NIODeadline) {
        switch output {
        case .tell(let parcel, let gate, let address, let type):
            if let owner = owners.address(of: parcel.receiver) {
                let isDelivered = owner == parcel.address
                if isDelivered {
                    owners.receive(
                        parcel.message, number: parcel.number, at: parcel.receiver.instance, from: gate, at: address,
                        now: now)
                }
                subscribers.ended(parcel, from: gate, type, isDelivered: isDelivered)
                owners.decide(now)
                return
            }
            let message = SubscriptionRequest(parcel.message, number: parcel.number, from: gate, at: address)
            guard let request = message.request else { return }
            actions.append(.send(request, to: parcel.address.queue, .parcel(parcel, from: gate, type)))
        case .deliver(let push, let receiver): actions.append(.deliver(push, receiver))
        case .run(let body): actions.append(.run(body))
        }
    }
}

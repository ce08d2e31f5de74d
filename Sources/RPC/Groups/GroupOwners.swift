import NIOCore

/// The owners of groups on one node: what they know of Gates, and what they send. A pure value; what follows is in its
/// outputs, in order.
struct GroupOwners: Sendable {
    typealias Pushed = @Sendable (Result<PushOutcome, RPCError>) -> Void

    enum Output: Sendable {
        /// A push for a Gate: begun with the counter.
        case deliver(GroupOwner<GroupPush>.Delivery, from: IncarnationID, PushCounter?)
        /// A word to a Gate.
        case answer(SubscriptionAnswer, to: IncarnationID, at: QueueAddress)
        /// Deliveries were given up. `began`: the Gates for which that is new.
        case dropped(Int, began: [IncarnationID], by: IncarnationID)
        case run(@Sendable () -> Void)
    }

    private struct Owner: Sendable {
        let id: IncarnationID
        let type: ModuleType?
        var address: QueueAddress
        var groups: GroupOwner<GroupPush>
        /// Pushes whose audience is not known before all Gates have told.
        var undecided: [Undecided] = []
    }

    private struct Undecided: Sendable {
        var group: GroupName
        var deadline: NIODeadline
        var completion: Pushed
    }

    /// How long a push waits to know whether it was for anybody.
    static var audienceTime: TimeAmount { .seconds(1) }
    /// How long pushes are kept for a Gate that nobody has heard of since its queue was gone.
    static var returnTime: TimeAmount { .seconds(5) }

    private let node: NodeID
    private var owners: [InstanceID: Owner] = [:]
    private var outputs: [Output] = []
    private var view = ClusterView()
    private var localGates: ClusterView.Incarnations = [:]
    /// Gates of other nodes that nobody has heard of since their queues were gone: they may come back under new ones.
    private var missing: [IncarnationID: (address: QueueAddress, since: NIODeadline)] = [:]
    private var knownGates: ClusterView.Incarnations = [:]
    /// Since when an owner has had the word of a Gate of which nobody else has heard.
    private var strangersSince: NIODeadline?

    init(node: NodeID) {
        self.node = node
    }

    mutating func takeOutputs() -> [Output] {
        defer { outputs = [] }
        return outputs
    }

    // MARK: Instances of this node

    func isHere(_ owner: IncarnationID) -> Bool { owners[owner.instance]?.id == owner }

    /// Where an owner of this node is; nil: it is none.
    func address(of owner: IncarnationID) -> QueueAddress? { isHere(owner) ? owners[owner.instance]?.address : nil }

    mutating func add(_ id: IncarnationID, _ type: ModuleType?, at address: QueueAddress) {
        owners[id.instance] = Owner(id: id, type: type, address: address, groups: GroupOwner(id.instance))
    }

    /// - Returns: the owner that is not served any more.
    mutating func remove(_ instance: InstanceID) -> IncarnationID? {
        let owner = owners.removeValue(forKey: instance)
        for push in owner?.undecided ?? [] { outputs.append(.run { push.completion(.success(.unroutable)) }) }
        return owner?.id
    }

    // MARK: The cluster

    /// Takes a change of the cluster in.
    mutating func update(_ view: ClusterView, localGates: ClusterView.Incarnations, now: NIODeadline) {
        (self.view, self.localGates) = (view, localGates)
        lookForGates(now)
    }

    /// Instances of this node have the queues of a new connection: what Gates told the old ones may be lost.
    mutating func reconnected(
        _ addresses: [InstanceID: QueueAddress], _ view: ClusterView, localGates: ClusterView.Incarnations,
        now: NIODeadline
    ) {
        for (instance, address) in addresses { owners[instance]?.address = address }
        update(view, localGates: localGates, now: now)
        for instance in addresses.keys {
            emit(owners[instance]?.groups.reconnected() ?? [], from: instance, nil)
        }
    }

    private mutating func lookForGates(_ now: NIODeadline) {
        var known = view.gateIncarnations(on: node).merging(localGates) { $1 }
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
        let local = Set(localGates.keys)
        let answering = view.answeringIncarnations()
        let away = Set(known.keys.filter { missing[$0] != nil || (!local.contains($0) && !answering.contains($0)) })
        for owner in Array(owners.keys) { owners[owner]?.groups.update(gates: known, local: local, away: away) }
    }

    // MARK: What Gates tell

    /// Takes a Gate's word in, and answers it.
    mutating func receive(_ request: SubscriptionRequest, at owner: InstanceID, now: NIODeadline) {
        for message in request.messages {
            receive(
                message, number: request.number, at: owner, from: request.sender, at: request.address, now: now)
        }
        if request.isAnswered, let id = owners[owner]?.id {
            let answer = SubscriptionAnswer(from: id, number: request.number)
            outputs.append(.answer(answer, to: request.sender, at: request.address))
        }
        decide(now)
    }

    /// Takes a Gate's word in.
    mutating func receive(
        _ message: SubscriptionMessage, number: UInt64, at owner: InstanceID, from gate: IncarnationID,
        at address: QueueAddress, now: NIODeadline
    ) {
        if knownGates[gate] == nil { strangersSince = strangersSince ?? now }
        let missed = owners[owner]?.groups.received(message, number: number, from: gate, at: address) ?? []
        emit(missed, from: owner, nil)
    }

    /// Decides what can be decided by now: of users, and of pushes whether they were for anybody.
    mutating func decide(_ now: NIODeadline) {
        for owner in Array(owners.keys) {
            guard let id = owners[owner]?.id else { continue }
            for verdicts in owners[owner]?.groups.takeVerdicts(now) ?? [] {
                let answer = SubscriptionAnswer(from: id, number: verdicts.taken, verdicts: verdicts.verdicts)
                outputs.append(.answer(answer, to: verdicts.receiver, at: verdicts.address))
            }
            decidePushes(of: owner, now)
        }
    }

    private mutating func decidePushes(of owner: InstanceID, _ now: NIODeadline) {
        guard let undecided = owners[owner]?.undecided, !undecided.isEmpty else { return }
        var left: [Undecided] = []
        for push in undecided {
            let audience = owners[owner]?.groups.audience(of: push.group) ?? .nobody
            if audience == .unknown, push.deadline > now {
                left.append(push)
            } else {
                // Those who did not tell have got it.
                let outcome = audience == .nobody ? PushOutcome.unroutable : .routed
                outputs.append(.run { push.completion(.success(outcome)) })
            }
        }
        owners[owner]?.undecided = left
    }

    // MARK: Pushing

    /// An owner pushes to a group.
    /// - Parameter completion: told whether anybody is in it, once the push is on its way; nil: nobody asks.
    mutating func push(_ push: GroupPush, as owner: InstanceID, now: NIODeadline, completion: Pushed?) {
        guard owners[owner] != nil else {
            if let completion { outputs.append(.run { completion(.failure(.withdrawn)) }) }
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
            if let id = owners[owner]?.id, let dropped = owners[owner]?.groups.takeDropped(), dropped.count > 0 {
                outputs.append(.dropped(dropped.count, began: dropped.began, by: id))
            }
        }
        if let counter { outputs.append(.run { counter.end() }) }
    }

    private mutating func emit(
        _ deliveries: [GroupOwner<GroupPush>.Delivery], from owner: InstanceID, _ counter: PushCounter?
    ) {
        guard let id = owners[owner]?.id else { return }
        for delivery in deliveries {
            counter?.begin()
            outputs.append(.deliver(delivery, from: id, counter))
        }
    }

    /// A delivery came back: its queue is gone.
    mutating func returned(from owner: IncarnationID, to gate: IncarnationID, at address: QueueAddress) {
        guard isHere(owner) else { return }
        owners[owner.instance]?.groups.returned(to: gate, at: address)
    }

    // MARK: Time

    /// Whether something is to be looked at again in a while.
    var isWaiting: Bool {
        !missing.isEmpty || strangersSince != nil
            || owners.values.contains { !$0.undecided.isEmpty || $0.groups.arbiter.isWaiting }
    }

    /// Does what is due by now.
    /// - Parameter isRound: whether a second has passed: verdicts that had no effect yet are repeated.
    mutating func sweep(now: NIODeadline, isRound: Bool) {
        // Whoever is announced is known by then.
        let haveStrangersWaited = strangersSince.map { now - $0 >= Self.returnTime } ?? false
        if haveStrangersWaited || missing.values.contains(where: { now - $0.since >= Self.returnTime }) {
            strangersSince = nil
            lookForGates(now)
        }
        for owner in Array(owners.keys) where owners[owner]?.groups.arbiter.isWaiting == true {
            if isRound {
                owners[owner]?.groups.arbiter.repeatVerdicts()
            } else {
                owners[owner]?.groups.arbiter.viewsChanged()
            }
        }
        decide(now)
    }
}

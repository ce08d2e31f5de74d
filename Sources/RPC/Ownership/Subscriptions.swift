/// What one Gate tells the owners of its groups, all of one module type, and when a member of a group is there. A pure
/// value.
///
/// A member is there once (1) the group's owner has the subscription in its queue, and (2) every other instance that
/// may take itself to be the owner has in its queue that it is not, by this Gate's view. What is in a queue is in front
/// of all pushes that are sent there later; so a push that begins when a member is there goes to an owner that either
/// knows of it or knows that it does not know (`GroupOwner.push`).
struct Subscriptions: Hashable, Sendable {
    /// A message on its way to an owner.
    struct Parcel: Hashable, Sendable {
        var number: UInt64
        var receiver: IncarnationID
        var address: QueueAddress
        var message: SubscriptionMessage
    }

    private var owners = KnownOwners()
    private var groups = SettlingGroups()
    /// The sessions that have users, or ask for them: those groups' members.
    private var users = UserBindings()
    /// The number of the last delivery of each owner, of those too that this Gate has not heard of yet.
    private var received: [IncarnationID: UInt64] = [:]
    private var ledger = ParcelLedger()

    private static let rememberedOwners = 10_000
    /// So many stay below the size of a large message.
    private static let namesInAMessage = 500

    init() {}

    /// Whether a queue took nothing, of an instance that is not proven gone.
    var isAnyUnreachable: Bool { owners.isAnyUnreachable }

    /// Whether the group has a member who is there.
    func isHeld(_ name: GroupName) -> Bool { groups.isHeld(name) }

    /// Whether the group has a member, there or not yet.
    func includes(_ name: GroupName) -> Bool { groups.includes(name) }

    /// Tells which groups' first members have come to be there since it was asked last.
    mutating func takeSettled() -> [GroupName] { groups.takeSettled() }

    /// The Gate gets its first member of a group, who is there once `isHeld` is true.
    mutating func subscribe(_ group: GroupName) -> [Parcel] {
        guard !groups.includes(group) else { return [] }
        let parcels = owners.responsible(for: group).flatMap { send(.subscribe([group]), to: $0) }
        groups.await(ledger.last, for: group)
        settle()
        return parcels
    }

    /// The last member of a group is gone.
    mutating func unsubscribe(_ group: GroupName) -> [Parcel] {
        guard groups.remove(group) else { return [] }
        return owners.responsible(for: group).flatMap { send(.unsubscribe([group]), to: $0) }
    }

    // MARK: Users

    /// A session asks for a user. It has the user, or not, as `takeBound` and `receive` tell.
    /// - Parameter group: the user's, which no session joins otherwise.
    mutating func bind(_ claim: UserClaim, to group: GroupName, policy: LoginPolicy) -> [Parcel] {
        users.add(claim, to: group, policy: policy)
        let owner = owners.view.ownerAndHeir(of: group.key).owner
        var parcels: [Parcel] = []
        for id in owners.responsible(for: group) {
            let isOwner = id.instance == owner
            parcels += send(bindings: [UserBinding(claim, of: group, ask: isOwner ? policy : nil)], to: id)
        }
        groups.await(ledger.last, for: group)
        settle()
        return parcels
    }

    /// A session has its user no more, or does not ask any more.
    mutating func release(_ session: SessionID, from group: GroupName) -> [Parcel] {
        guard users.remove(session, from: group) else { return [] }
        return released(session, group)
    }

    private mutating func released(_ session: SessionID, _ group: GroupName) -> [Parcel] {
        guard users.includes(group) else { return unsubscribe(group) }
        let release = UserRelease(group: group, session: session)
        return owners.responsible(for: group).flatMap { send(.release([release]), to: $0) }
    }

    /// Takes an owner's verdict in.
    /// - Parameter number: that of this Gate's last message which the owner had taken in when it decided.
    /// - Returns: what others are to be told, and what becomes of the session.
    mutating func receive(
        _ verdict: UserVerdict, from owner: IncarnationID, number: UInt64
    ) -> (parcels: [Parcel], consequence: UserBindings.Consequence) {
        let isOwner = owners.owner(of: verdict.group.key) == owner
        let consequence = users.receive(verdict, from: owner, isOwner: isOwner, number: number)
        switch consequence {
        case .nothing: return ([], consequence)
        case .refused, .superseded: return (released(verdict.session, verdict.group), consequence)
        case .accepted(let isRaised):
            groups.noteSettled(verdict.group)
            guard isRaised, let claim = users.claim(of: verdict.session, in: verdict.group) else {
                return ([], consequence)
            }
            let others = owners.responsible(for: verdict.group).filter { $0 != owner }
            return (
                others.flatMap { send(bindings: [UserBinding(claim, of: verdict.group)], to: $0) }, consequence
            )
        }
    }

    /// Tells which sessions have their user, of those whose group has settled.
    mutating func takeBound(in group: GroupName) -> [SessionID] {
        isHeld(group) ? users.takeBound(in: group) : []
    }

    private mutating func send(bindings: [UserBinding], to id: IncarnationID) -> [Parcel] {
        guard !bindings.isEmpty else { return [] }
        let parcels = send(.bind(bindings), to: id)
        if let parcel = parcels.last { users.sent(bindings, to: id, number: parcel.number) }
        return parcels
    }

    // MARK: The cluster

    /// Takes a change of the cluster in.
    /// - Parameters:
    ///   - live: the instances that own keys.
    ///   - others: those that are silent or about to go, and not proven gone.
    mutating func update(
        live: [IncarnationID: QueueAddress], others: [IncarnationID: QueueAddress]
    ) -> [Parcel] {
        let known = live.merging(others) { live, _ in live }
        owners.update(live: live, known: known)
        // An owner that is missed now may have lost its connection only, and send again what it does not know to have
        // come.
        if received.count > Self.rememberedOwners { received = received.filter { known[$0.key] != nil } }
        return tellAll()
    }

    /// This Gate has a new queue: nobody sends there before it has been told. Parcels that are still on their way come
    /// too late to be believed, and must not be sent any more.
    mutating func reconnected() -> [Parcel] {
        ledger.giveUpAll()
        owners.forgetTold()
        return tellAll()
    }

    /// Tries those again whose queues took nothing.
    mutating func retry() -> [Parcel] {
        owners.retry()
        return tellAll()
    }

    /// A parcel is in its queue (`isDelivered`), or came back because the queue is gone.
    mutating func parcelEnded(_ parcel: Parcel, isDelivered: Bool) {
        guard ledger.end(parcel.number) else { return }
        if !isDelivered { owners.unreachable(parcel.receiver, at: parcel.address) }
        settle()
    }

    /// Takes a delivery in.
    /// - Returns: false if it came before.
    mutating func receive(_ number: UInt64, from owner: IncarnationID) -> Bool {
        guard number > received[owner] ?? 0 else { return false }
        received[owner] = number
        return true
    }

    /// Tells an owner that it need not keep what has come from it.
    mutating func acknowledge(_ owner: IncarnationID) -> [Parcel] {
        guard owners.toldView(owner) != nil else { return [] }
        return send(.received(received[owner] ?? 0), to: owner)
    }

    /// Tells every instance what it does not know of the present view.
    private mutating func tellAll() -> [Parcel] {
        var parcels: [Parcel] = []
        for id in owners.all { parcels += tell(id) }
        groups.ownersWereTold(upTo: parcels.isEmpty ? nil : ledger.last)
        settle()
        return parcels
    }

    private mutating func tell(_ id: IncarnationID) -> [Parcel] {
        guard owners.address(of: id) != nil, !owners.knowsView(id) else { return [] }
        let news = owners.isLive(id) ? self.news(for: id.instance, toldView: owners.toldView(id)) : []
        owners.told(id)
        var parcels: [Parcel] = []
        let subscriptions = news.filter { !users.includes($0.group) }.map(\.group).sorted()
        for start in stride(from: 0, to: subscriptions.count, by: Self.namesInAMessage) {
            let names = subscriptions[start...].prefix(Self.namesInAMessage)
            parcels += send(.subscribe(Array(names)), to: id)
        }
        let bindings = news.filter { users.includes($0.group) }.sorted { $0.group < $1.group }.flatMap { news in
            users.news(of: news.group, for: id, isOwner: news.isOwner, knowsNothing: news.knowsNothing)
        }
        for start in stride(from: 0, to: bindings.count, by: Self.namesInAMessage) {
            parcels += send(bindings: Array(bindings[start...].prefix(Self.namesInAMessage)), to: id)
        }
        return parcels + send(.view(owners.view, received: received[id] ?? 0), to: id)
    }

    /// A group of which an instance has to be told something.
    private struct News {
        var group: GroupName
        var isOwner: Bool
        var knowsNothing: Bool
    }

    private func news(for instance: InstanceID, toldView: OwnershipView?) -> [News] {
        groups.names.compactMap { group in
            let key = group.key
            let (owner, heir) = owners.view.ownerAndHeir(of: key)
            guard owner == instance || heir == instance else { return nil }
            let knowsNothing = !(toldView?.isResponsible(instance, for: key) ?? false)
            guard knowsNothing || users.isAsking(in: group) else { return nil }
            return News(group: group, isOwner: owner == instance, knowsNothing: knowsNothing)
        }
    }

    private mutating func send(_ message: SubscriptionMessage, to id: IncarnationID) -> [Parcel] {
        guard let address = owners.address(of: id) else { return [] }
        return [Parcel(number: ledger.begin(), receiver: id, address: address, message: message)]
    }

    /// Looks which members are there by now.
    private mutating func settle() {
        // Where there is no owner, the first that comes knows that it does not know.
        let settled = groups.settle(before: ledger.first) { [owners] name in
            owners.owner(of: name.key).map(owners.knowsView) ?? true
        }
        for name in settled where owners.owner(of: name.key) == nil { users.acceptAll(in: name) }
    }
}

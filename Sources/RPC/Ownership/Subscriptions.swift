import DequeModule

/// What one Gate tells the owners of its groups, all of one module type, and when a member of a group is there. A pure value.
///
/// A member is there once (1) the group's owner has the subscription in its queue, and (2) every other instance that may take
/// itself to be the owner has in its queue that it is not, by this Gate's view. What is in a queue is in front of all pushes
/// that are sent there later; so a push that begins when a member is there goes to an owner that either knows of it or
/// knows that it does not know (`GroupOwner.push`).
struct Subscriptions: Hashable, Sendable {
    /// A message on its way to an owner.
    struct Parcel: Hashable, Sendable {
        var number: UInt64
        var receiver: IncarnationID
        var address: QueueAddress
        var message: SubscriptionMessage
    }

    private struct Owner: Hashable, Sendable {
        var address: QueueAddress
        /// What came back from there is no address any more.
        var isReachable = true
        /// The view that was sent there last; nil: it knows nothing of this Gate.
        var toldView: OwnershipView?
    }

    private struct Group: Hashable, Sendable {
        /// Set while its first member waits: the number of the last parcel that has to arrive.
        var awaited: UInt64?
    }

    private var owners: [IncarnationID: Owner] = [:]
    /// The live ones of them.
    private var live: [InstanceID: IncarnationID] = [:]
    private var view = OwnershipView([])
    private var groups: [GroupName: Group] = [:]
    /// The sessions that have users, or ask for them: those groups' members.
    private var users = UserBindings()
    /// Those of them whose first member waits for parcels, in the order of what they await.
    private var awaiting: Deque<GroupName> = []
    /// Those whose first member waits for an owner that can be told.
    private var stuck: Set<GroupName> = []
    /// Groups whose first member has come to be there since it was asked last.
    private var settled = Memo<[GroupName]>([])
    /// The number of the last delivery of each owner, of those too that this Gate has not heard of yet.
    private var received: [IncarnationID: UInt64] = [:]
    private var ledger = ParcelLedger()

    /// Whether a queue took nothing, of an instance that is not proven gone.
    private(set) var isAnyUnreachable = false

    private static let rememberedOwners = 10_000
    /// So many stay below the size of a large message.
    private static let namesInAMessage = 500

    init() {}

    /// Whether the group has a member who is there.
    func isHeld(_ name: GroupName) -> Bool { groups[name].map { $0.awaited == nil } ?? false }

    /// Whether the group has a member, there or not yet.
    func includes(_ name: GroupName) -> Bool { groups[name] != nil }

    /// Tells which groups' first members have come to be there since it was asked last.
    mutating func takeSettled() -> [GroupName] {
        defer { settled.value = [] }
        return settled.value
    }

    /// The Gate gets its first member of a group, who is there once `isHeld` is true.
    mutating func subscribe(_ group: GroupName) -> [Parcel] {
        guard groups[group] == nil else { return [] }
        let parcels = responsible(for: group).flatMap { send(.subscribe([group]), to: $0) }
        groups[group] = Group(awaited: ledger.last)
        awaiting.append(group)
        settle()
        return parcels
    }

    /// The last member of a group is gone.
    mutating func unsubscribe(_ group: GroupName) -> [Parcel] {
        guard groups.removeValue(forKey: group) != nil else { return [] }
        stuck.remove(group)
        return responsible(for: group).flatMap { send(.unsubscribe([group]), to: $0) }
    }

    // MARK: Users

    /// A session asks for a user. It has the user, or not, as `takeBound` and `receive` tell.
    /// - Parameter group: the user's, which no session joins otherwise.
    mutating func bind(_ claim: UserClaim, to group: GroupName, policy: LoginPolicy) -> [Parcel] {
        users.add(claim, to: group, policy: policy)
        let (owner, _) = view.ownerAndHeir(of: group.key)
        var parcels: [Parcel] = []
        for id in responsible(for: group) {
            let isOwner = id.instance == owner
            parcels += send(bindings: [UserBinding(claim, of: group, ask: isOwner ? policy : nil)], to: id)
        }
        groups[group] = Group(awaited: ledger.last)
        awaiting.append(group)
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
        return responsible(for: group).flatMap { send(.release([release]), to: $0) }
    }

    /// Takes an owner's verdict in.
    /// - Parameter number: that of this Gate's last message which the owner had taken in when it decided.
    /// - Returns: what others are to be told, and what becomes of the session.
    mutating func receive(
        _ verdict: UserVerdict, from owner: IncarnationID, number: UInt64
    ) -> (parcels: [Parcel], consequence: UserBindings.Consequence) {
        let isOwner = view.ownerAndHeir(of: verdict.group.key).owner.map { live[$0] == owner } ?? false
        let consequence = users.receive(verdict, from: owner, isOwner: isOwner, number: number)
        switch consequence {
        case .nothing: return ([], consequence)
        case .refused, .superseded: return (released(verdict.session, verdict.group), consequence)
        case .accepted(let isRaised):
            noteSettled(verdict.group)
            guard isRaised, let claim = users.claim(of: verdict.session, in: verdict.group) else {
                return ([], consequence)
            }
            let others = responsible(for: verdict.group).filter { $0 != owner }
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

    /// The last member of a user's group may be there by now.
    private mutating func noteSettled(_ group: GroupName) {
        if isHeld(group) { settled.value.append(group) }
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
        for id in Array(owners.keys) where known[id] == nil { owners[id] = nil }
        // An owner that is missed now may have lost its connection only, and send again what it does not know to have come.
        if received.count > Self.rememberedOwners { received = received.filter { known[$0.key] != nil } }
        for (id, address) in known {
            if let owner = owners[id], owner.address.generation >= address.generation { continue }
            owners[id] = Owner(address: address)
        }
        self.live = Dictionary(live.keys.map { ($0.instance, $0) }) { max($0, $1) }
        view = OwnershipView(self.live.keys)
        isAnyUnreachable = owners.values.contains { !$0.isReachable }
        return tellAll()
    }

    /// This Gate has a new queue: nobody sends there before it has been told. Parcels that are still on their way come too late
    /// to be believed, and must not be sent any more.
    mutating func reconnected() -> [Parcel] {
        ledger.giveUpAll()
        for id in Array(owners.keys) {
            owners[id]?.toldView = nil
            owners[id]?.isReachable = true
        }
        isAnyUnreachable = false
        return tellAll()
    }

    /// Tries those again whose queues took nothing.
    mutating func retry() -> [Parcel] {
        for id in Array(owners.keys) { owners[id]?.isReachable = true }
        isAnyUnreachable = false
        return tellAll()
    }

    /// A parcel is in its queue (`isDelivered`), or came back because the queue is gone.
    mutating func parcelEnded(_ parcel: Parcel, isDelivered: Bool) {
        guard ledger.end(parcel.number) else { return }
        if !isDelivered, let owner = owners[parcel.receiver], owner.address == parcel.address {
            // Whoever was behind it is dead, or knows when it is back that it knows nothing.
            owners[parcel.receiver]?.isReachable = false
            isAnyUnreachable = true
            owners[parcel.receiver]?.toldView = nil
        }
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
        guard owners[owner]?.toldView != nil else { return [] }
        return send(.received(received[owner] ?? 0), to: owner)
    }

    private func isLive(_ id: IncarnationID) -> Bool { live[id.instance] == id }

    private func responsible(for group: GroupName) -> [IncarnationID] {
        let (owner, heir) = view.ownerAndHeir(of: group.key)
        return [owner, heir].compactMap { $0.flatMap { live[$0] } }
    }

    /// Tells every instance what it does not know of the present view.
    private mutating func tellAll() -> [Parcel] {
        var parcels: [Parcel] = []
        for id in owners.keys.sorted() { parcels += tell(id) }
        // A member that waits is there when all of these have arrived, too.
        awaiting.append(contentsOf: stuck.sorted())
        stuck = []
        if !parcels.isEmpty {
            for name in awaiting where groups[name]?.awaited != nil { groups[name]?.awaited = ledger.last }
        }
        settle()
        return parcels
    }

    private mutating func tell(_ id: IncarnationID) -> [Parcel] {
        guard let owner = owners[id], owner.isReachable, owner.toldView != view else { return [] }
        let news = isLive(id) ? self.news(for: id.instance, toldView: owner.toldView) : []
        owners[id]?.toldView = view
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
        return parcels + send(.view(view, received: received[id] ?? 0), to: id)
    }

    /// A group of which an instance has to be told something.
    private struct News {
        var group: GroupName
        var isOwner: Bool
        var knowsNothing: Bool
    }

    private func news(for instance: InstanceID, toldView: OwnershipView?) -> [News] {
        groups.keys.compactMap { group in
            let key = group.key
            let (owner, heir) = view.ownerAndHeir(of: key)
            guard owner == instance || heir == instance else { return nil }
            let knowsNothing = !(toldView?.isResponsible(instance, for: key) ?? false)
            guard knowsNothing || users.isAsking(in: group) else { return nil }
            return News(group: group, isOwner: owner == instance, knowsNothing: knowsNothing)
        }
    }

    private mutating func send(_ message: SubscriptionMessage, to id: IncarnationID) -> [Parcel] {
        guard let owner = owners[id], owner.isReachable else { return [] }
        return [Parcel(number: ledger.begin(), receiver: id, address: owner.address, message: message)]
    }

    /// Looks which members are there by now.
    private mutating func settle() {
        let first = ledger.first
        while let name = awaiting.first {
            // Those without a number are there, or are not wanted any more.
            let awaited = groups[name]?.awaited
            guard first > awaited ?? 0 else { return }
            awaiting.removeFirst()
            guard awaited != nil else { continue }
            // Where there is none, the first that comes knows that it does not know.
            let owner = view.ownerAndHeir(of: name.key).owner.flatMap { live[$0] }
            guard owner.map({ owners[$0]?.toldView == view }) ?? true else {
                stuck.insert(name)
                continue
            }
            groups[name]?.awaited = nil
            if owner == nil { users.acceptAll(in: name) }
            settled.value.append(name)
        }
    }
}

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
    /// Those of them whose first member waits for parcels, in the order of what they await.
    private var awaiting: Deque<GroupName> = []
    /// Those whose first member waits for an owner that can be told.
    private var stuck: Set<GroupName> = []
    /// Groups whose first member has come to be there since it was asked last.
    private var settled = Memo<[GroupName]>([])
    /// The number of the last delivery of each owner, of those too that this Gate has not heard of yet.
    private var received: [IncarnationID: UInt64] = [:]
    /// Parcels that are neither in their queue nor back; ended ones among them, behind one that is not.
    private var onTheirWay: Deque<UInt64> = []
    private var ended: Set<UInt64> = []
    private var lastNumber: UInt64 = 0

    /// Whether a queue took nothing, of an instance that is not proven gone.
    private(set) var isAnyUnreachable = false

    private static let rememberedOwners = 10_000

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
        groups[group] = Group(awaited: lastNumber)
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
        onTheirWay = []
        ended = []
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
        guard end(parcel.number) else { return }
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
            for name in awaiting where groups[name]?.awaited != nil { groups[name]?.awaited = lastNumber }
        }
        settle()
        return parcels
    }

    private mutating func tell(_ id: IncarnationID) -> [Parcel] {
        guard let owner = owners[id], owner.isReachable, owner.toldView != view else { return [] }
        let known = owner.toldView
        let news =
            !isLive(id)
            ? []
            : groups.keys.filter { group in
                let key = group.key
                return view.isResponsible(id.instance, for: key)
                    && !(known?.isResponsible(id.instance, for: key) ?? false)
            }
        owners[id]?.toldView = view
        return (news.isEmpty ? [] : send(.subscribe(news.sorted()), to: id))
            + send(.view(view, received: received[id] ?? 0), to: id)
    }

    private mutating func send(_ message: SubscriptionMessage, to id: IncarnationID) -> [Parcel] {
        guard let owner = owners[id], owner.isReachable else { return [] }
        lastNumber += 1
        onTheirWay.append(lastNumber)
        return [Parcel(number: lastNumber, receiver: id, address: owner.address, message: message)]
    }

    /// - Returns: false if the parcel is not on its way any more.
    private mutating func end(_ number: UInt64) -> Bool {
        guard let first = onTheirWay.first, let last = onTheirWay.last, number >= first, number <= last,
            ended.insert(number).inserted
        else { return false }
        while let first = onTheirWay.first, ended.remove(first) != nil { onTheirWay.removeFirst() }
        return true
    }

    /// Looks which members are there by now.
    private mutating func settle() {
        let first = onTheirWay.first ?? .max
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
            settled.value.append(name)
        }
    }
}

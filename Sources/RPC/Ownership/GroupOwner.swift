import DequeModule

/// What an instance knows, as owner or heir of keys, of the Gates that have members of their groups, and what it sends to them.
/// A pure value.
///
/// A Gate's word on a group counts while by the Gate's view this instance is responsible for the group's key. Where it does
/// not count, the Gate gets every push, and drops what it has no members for.
///
/// Pushes are numbered, and kept for each Gate until it has them: they come to a Gate that reconnected under its new
/// queue, once and in order. A Gate of the owner's own process has what it gets, and nothing is kept for it.
struct GroupOwner<Content: Hashable & Sendable>: Hashable, Sendable {
    /// A push for one Gate.
    struct Delivery: Hashable, Sendable {
        var receiver: IncarnationID
        var address: QueueAddress
        /// Which of the owner's pushes it is, counted from 1.
        var number: UInt64
        var group: GroupName
        var content: Content
    }

    /// Whether anybody is in a group.
    enum Audience: Hashable, Sendable {
        case members
        case nobody
        /// No Gate that has told has members, and not all have told.
        case unknown
    }

    fileprivate struct Kept: Hashable, Sendable {
        var number: UInt64
        var group: GroupName
        var content: Content
        var weight: Int
    }

    struct Gate: Hashable, Sendable {
        var address: QueueAddress
        var isLocal: Bool
        /// Nothing is to be expected of it soon: it is silent, or its queue is gone.
        var isAway = false
        /// Its last word; nil: it has not spoken since it has this queue, or this instance has its own.
        var view: OwnershipView?
        var groups: Set<GroupName> = []
        /// The number of its last message that was taken in.
        var taken: UInt64 = 0
        /// What it may not have yet.
        fileprivate var kept: Deque<Kept> = []
        fileprivate var keptWeight = 0
        /// Whether some of that was given up.
        fileprivate var isDropping = false
        /// Nothing is sent: its queue is gone, or new and the Gate has not said what it has.
        var isHeld = false
    }

    private struct Receivers: Sendable {
        var ids: [IncarnationID]
        var audience: Audience
    }

    /// What is kept for one Gate at most: deliveries, and what they weigh together.
    static var maximumKept: (count: Int, weight: Int) { (10_000, 16 << 20) }

    let instance: InstanceID
    private(set) var gates: [IncarnationID: Gate] = [:]
    /// Decides which session has each user.
    var arbiter = UserArbiter()
    private var lastNumber: UInt64 = 0
    /// Who gets what is pushed to a group, as far as it was asked since somebody's word changed it.
    private var receivers = Memo<[GroupName: Receivers]>([:])
    /// Deliveries that were given up because too many were kept, since it was asked last, and Gates for which that began.
    private var dropped = Memo<(count: Int, began: [IncarnationID])>((0, []))

    init(_ instance: InstanceID) {
        self.instance = instance
    }

    /// What is kept for a Gate.
    func kept(for gate: IncarnationID) -> [Content] { (gates[gate]?.kept ?? []).map(\.content) }

    /// Whether anybody is in a group, by what Gates have said.
    mutating func audience(of group: GroupName) -> Audience { receivers(of: group).audience }

    /// Tells how many deliveries were given up since it was asked last, and for which Gates that began.
    mutating func takeDropped() -> (count: Int, began: [IncarnationID]) {
        defer { dropped.value = (0, []) }
        return dropped.value
    }

    /// Takes a change of the cluster in.
    /// - Parameters:
    ///   - known: all Gates that are not proven gone.
    ///   - local: those of them that are in this process.
    ///   - away: those of which nothing is to be expected soon.
    mutating func update(
        gates known: [IncarnationID: QueueAddress], local: Set<IncarnationID> = [], away: Set<IncarnationID> = []
    ) {
        for id in gates.keys where known[id] == nil { arbiter.forget(id) }
        gates = gates.filter { known[$0.key] != nil }
        receivers.value = [:]
        arbiter.viewsChanged()
        for (id, address) in known {
            meet(id, at: address, isLocal: local.contains(id))
            gates[id]?.isAway = away.contains(id)
            // The Gate itself may know it by another name, if there are several brokers.
            if gates[id]?.address.generation == address.generation { gates[id]?.address = address }
        }
    }

    /// Takes a Gate's word in.
    /// - Parameter parcel: the number of its message.
    /// - Returns: what the Gate has missed.
    mutating func received(
        _ message: SubscriptionMessage, number parcel: UInt64 = 0, from id: IncarnationID, at address: QueueAddress
    ) -> [Delivery] {
        meet(id, at: address)
        // Sent before the Gate had its present queue: it will say all of that again.
        guard gates[id]?.address.generation == address.generation else { return [] }
        gates[id]?.taken = parcel
        switch message {
        case .subscribe(let groups): subscribe(id, to: groups)
        case .unsubscribe(let groups):
            gates[id]?.groups.subtract(groups)
            for group in groups {
                receivers.value[group] = nil
                arbiter.unsubscribed(group, by: id)
            }
        case .bind(let bindings):
            subscribe(id, to: bindings.map(\.group))
            for binding in bindings { arbiter.told(binding, by: id) }
        case .release(let releases):
            for release in releases { arbiter.released(release, by: id) }
        case .received(let number): gates[id]?.forget(upTo: number)
        case .view(let view, let number):
            setView(view, of: id)
            gates[id]?.forget(upTo: number)
            guard gates[id]?.isHeld == true else { return [] }
            gates[id]?.isHeld = false
            return deliveries(to: id)
        }
        return []
    }

    private mutating func subscribe(_ id: IncarnationID, to groups: [GroupName]) {
        gates[id]?.groups.formUnion(groups)
        for group in groups { receivers.value[group] = nil }
    }

    private mutating func setView(_ view: OwnershipView, of id: IncarnationID) {
        guard gates[id]?.view != view else { return }
        // Equal views share their storage, and so are compared at once.
        let view = gates.values.lazy.compactMap(\.view).first { $0 == view } ?? view
        gates[id]?.view = view
        // Of other groups the Gate will not say that it left them.
        let instance = instance
        let left = gates[id]?.groups.filter { !view.isResponsible(instance, for: $0.key) } ?? []
        gates[id]?.groups.subtract(left)
        arbiter.keep(of: id) { view.isResponsible(instance, for: $0.key) }
        receivers.value = [:]
        arbiter.viewsChanged()
    }

    /// Pushes to a group.
    /// - Parameter weight: what it takes of the bound, in bytes.
    /// - Returns: what is to be sent now. For Gates that are away it is kept.
    mutating func push(_ content: Content, to group: GroupName, weight: Int = 0) -> [Delivery] {
        let receivers = receivers(of: group).ids
        guard !receivers.isEmpty else { return [] }
        lastNumber += 1
        return receivers.compactMap {
            add(Kept(number: lastNumber, group: group, content: content, weight: weight), to: $0)
        }
    }

    private mutating func receivers(of group: GroupName) -> Receivers {
        if let known = receivers.value[group] { return known }
        let key = group.key
        var (ids, audience): ([IncarnationID], Audience) = ([], .nobody)
        for (id, gate) in gates {
            if gate.view?.isResponsible(instance, for: key) ?? false {
                guard gate.groups.contains(group) else { continue }
                audience = .members
            } else if audience == .nobody {
                audience = .unknown
            }
            ids.append(id)
        }
        receivers.value[group] = Receivers(ids: ids, audience: audience)
        return Receivers(ids: ids, audience: audience)
    }

    /// - Returns: nil if nothing is to be sent to the Gate now.
    private mutating func add(_ push: Kept, to id: IncarnationID) -> Delivery? {
        // Field by field: a copy of the whole would have all that is kept copied where it is changed.
        if gates[id]?.isLocal == false, case let given = gates[id]?.keep(push) ?? 0, given > 0 {
            dropped.value.count += given
            if gates[id]?.isDropping == false { dropped.value.began.append(id) }
            gates[id]?.isDropping = true
        }
        guard gates[id]?.isHeld == false, let address = gates[id]?.address else { return nil }
        return Delivery(receiver: id, address: address, number: push.number, group: push.group, content: push.content)
    }

    /// A delivery came back: its queue is gone.
    mutating func returned(to receiver: IncarnationID, at address: QueueAddress) {
        guard gates[receiver]?.address.generation == address.generation else { return }
        gates[receiver]?.isHeld = true
    }

    /// This instance has a new queue: what Gates told the old one may be lost, and so may what it sent at last.
    /// - Returns: what is to be sent instead of deliveries that were not sent yet, in this order.
    mutating func reconnected() -> [Delivery] {
        var result: [Delivery] = []
        receivers.value = [:]
        for id in Array(gates.keys) {
            gates[id]?.view = nil
            gates[id]?.groups = []
            arbiter.forget(id)
            if gates[id]?.isHeld == false { result += deliveries(to: id) }
        }
        return result
    }

    private mutating func meet(_ id: IncarnationID, at address: QueueAddress, isLocal: Bool = false) {
        guard let known = gates[id]?.address else {
            gates[id] = Gate(address: address, isLocal: isLocal)
            receivers.value = [:]
            return
        }
        guard address.generation > known.generation else { return }
        gates[id]?.address = address
        gates[id]?.view = nil
        gates[id]?.groups = []
        arbiter.forget(id)
        // It says first what it has.
        let isLocal = gates[id]?.isLocal ?? isLocal
        gates[id]?.isHeld = !isLocal
        receivers.value = [:]
    }

    private func deliveries(to id: IncarnationID) -> [Delivery] {
        guard let gate = gates[id] else { return [] }
        return gate.kept.map {
            Delivery(
                receiver: id, address: gate.address, number: $0.number, group: $0.group, content: $0.content)
        }
    }
}

extension GroupOwner.Gate {
    /// - Returns: how many were given up.
    fileprivate mutating func keep(_ delivery: GroupOwner.Kept) -> Int {
        kept.append(delivery)
        keptWeight += delivery.weight
        let bound = GroupOwner.maximumKept
        var dropped = 0
        while kept.count > bound.count || (keptWeight > bound.weight && kept.count > 1) {
            keptWeight -= kept.removeFirst().weight
            dropped += 1
        }
        return dropped
    }

    fileprivate mutating func forget(upTo number: UInt64) {
        while let first = kept.first, first.number <= number { keptWeight -= kept.removeFirst().weight }
        if kept.isEmpty { isDropping = false }
    }
}

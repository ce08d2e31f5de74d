import NIOCore

/// Instances that have not been heard of, and are expected to be: those that were known when this node's connection
/// broke, and for a moment after this node's start, when it knows nobody yet, any.
///
/// While the broker is gone, and for a moment after it is back, the silence of those who were known means nothing: their
/// nodes lost their connections too and come back under new queues. Calls to them wait instead of ending as `notFound`.
/// A pure value.
package struct ExpectedReconnects: Sendable {
    private let timing: MembershipTiming
    /// Those that were live: whatever they would serve waits for them.
    private var types: [InstanceID: ModuleType] = [:]
    /// Whether a Gate is among them.
    private var areGatesExpected: Bool { gates.contains { types[$0] != nil } }
    private var gates: Set<InstanceID> = []
    /// Those that were unreachable: only what is for them alone waits.
    private var unreachable: Set<InstanceID> = []
    private var end = NIODeadline.distantFuture
    private var acquaintanceEnd = NIODeadline.distantPast

    init(timing: MembershipTiming) { self.timing = timing }

    /// This node has connected for the first time.
    mutating func started(now: NIODeadline) { acquaintanceEnd = now + timing.acquaintance }

    /// The connection broke: all of these are expected back, once it is there again.
    mutating func expect(live: some Sequence<InstanceDescription>, unreachable: some Sequence<InstanceDescription> = [])
    {
        for instance in live {
            types[instance.id] = instance.type
            if instance.isGate { gates.insert(instance.id) }
        }
        self.unreachable.formUnion(unreachable.map(\.id))
        end = .distantFuture
    }

    /// The connection is back.
    mutating func connectionReturned(now: NIODeadline) { end = now + timing.reconnectPatience }

    /// An announcement came: whom it names is back, or gone for good if it is a goodbye.
    mutating func heard(_ announcement: Announcement) {
        guard !isEmpty else { return }
        for instance in announcement.instances {
            types[instance.id] = nil
            unreachable.remove(instance.id)
        }
    }

    /// Whether one that would serve the endpoint may yet come back.
    func includes(_ endpoint: Endpoint, now: NIODeadline) -> Bool {
        if now < acquaintanceEnd { return true }
        guard !isEmpty, now < end else { return false }
        switch endpoint.kind {
        case .instance(let id): return types[id] != nil || unreachable.contains(id)
        case .any(let type), .keyed(let type, _): return types.values.contains(type)
        case .ownerOf(let group): return group.ownerType.map { types.values.contains($0) } ?? areGatesExpected
        }
    }

    private var isEmpty: Bool { types.isEmpty && unreachable.isEmpty }
}

import NIOCore

/// Instances that have not been heard of, and are expected to be: those that were known when this node's connection
/// broke, and for a moment after this node's start, when it knows nobody yet, any.
///
/// While the broker is gone, and for a moment after it is back, the silence of those who were known means nothing: their
/// nodes lost their connections too and come back under new queues. Calls to them wait instead of ending as `notFound`.
/// A pure value.
struct ReturningInstances: Sendable {
    /// How long after this node is back others may need.
    static var patience: TimeAmount { .seconds(3) }
    /// How long after this node's start everybody who is there has been heard: all announce themselves every second.
    static var acquaintance: TimeAmount { .milliseconds(1200) }

    /// Those that were live: whatever they would serve waits for them.
    private var types: [InstanceID: ModuleType] = [:]
    /// Whether a Gate is among them.
    private var areGatesExpected: Bool { gates.contains { types[$0] != nil } }
    private var gates: Set<InstanceID> = []
    /// Those that were suspected: only what is for them alone waits.
    private var suspects: Set<InstanceID> = []
    private var end = NIODeadline.distantFuture
    private var acquaintanceEnd = NIODeadline.distantPast

    /// This node has connected for the first time.
    mutating func started(now: NIODeadline) { acquaintanceEnd = now + Self.acquaintance }

    /// The connection broke: all of these are expected back, once it is there again.
    mutating func expect(live: some Sequence<InstanceDescription>, suspected: some Sequence<InstanceDescription> = []) {
        for instance in live {
            types[instance.id] = instance.type
            if instance.isGate { gates.insert(instance.id) }
        }
        suspects.formUnion(suspected.map(\.id))
        end = .distantFuture
    }

    /// The connection is back.
    mutating func connectionReturned(now: NIODeadline) { end = now + Self.patience }

    /// An announcement came: whom it names is back, or gone for good if it is a goodbye.
    mutating func heard(_ announcement: Announcement) {
        guard !isEmpty else { return }
        for instance in announcement.instances {
            types[instance.id] = nil
            suspects.remove(instance.id)
        }
    }

    /// Whether one that would serve the endpoint may yet come back.
    func includes(_ endpoint: Endpoint, now: NIODeadline) -> Bool {
        if now < acquaintanceEnd { return true }
        guard !isEmpty, now < end else { return false }
        switch endpoint.kind {
        case .instance(let id): return types[id] != nil || suspects.contains(id)
        case .any(let type), .keyed(let type, _): return types.values.contains(type)
        case .ownerOf(let group): return group.ownerType.map { types.values.contains($0) } ?? areGatesExpected
        }
    }

    private var isEmpty: Bool { types.isEmpty && suspects.isEmpty }
}

import NIOCore

/// Instances that were live when this node's connection broke, and have not been heard of since.
///
/// While the broker is gone, and for a moment after it is back, their silence means nothing: their nodes lost their
/// connections too and come back under new queues. Calls to them wait instead of ending as `notFound`. A pure value.
struct ReturningInstances: Sendable {
    /// How long after this node is back others may need.
    static var patience: TimeAmount { .seconds(3) }

    private var types: [InstanceID: ModuleType] = [:]
    private var end = NIODeadline.distantFuture

    /// The connection broke: all of these are expected back, once it is there again.
    mutating func expect(_ instances: some Sequence<InstanceDescription>) {
        for instance in instances { types[instance.id] = instance.type }
        end = .distantFuture
    }

    /// The connection is back.
    mutating func connectionReturned(now: NIODeadline) { end = now + Self.patience }

    /// An announcement came: whom it names is back, or gone for good if it is a goodbye.
    mutating func heard(_ announcement: Announcement) {
        guard !types.isEmpty else { return }
        for instance in announcement.instances { types[instance.id] = nil }
    }

    /// Whether one that would serve the endpoint may yet come back.
    func includes(_ endpoint: Endpoint, now: NIODeadline) -> Bool {
        guard !types.isEmpty, now < end else { return false }
        switch endpoint {
        case .instance(let id): return types[id] != nil
        case .any(let type), .keyed(let type, _): return types.values.contains(type)
        }
    }

    mutating func clear() { self = ReturningInstances() }
}

/// What people have been told of the instances of other nodes: the lines that a log gets when a view changes.
///
/// A pure value. A new incarnation of an instance, after a reconnect, is no news.
struct MembershipLog: Sendable {
    enum Standing: Sendable, Hashable {
        case live
        /// Its node has been silent for three announcements.
        case suspected
        /// Withdrawn, or proven gone.
        case gone
    }

    struct Change: Sendable, Hashable {
        var instance: InstanceID
        var host: String
        var standing: Standing
    }

    private var version: UInt64 = 0
    private var known: [InstanceID: Change] = [:]

    /// What has changed since the last time, by Id.
    mutating func changes(in view: ClusterView) -> [Change] {
        guard view.version != version else { return [] }
        version = view.version
        var present: [InstanceID: Change] = [:]
        for peer in view.peers.values {
            for instance in peer.instances {
                let standing = peer.isSuspected ? Standing.suspected : .live
                present[instance.id] = Change(instance: instance.id, host: peer.host, standing: standing)
            }
        }
        let news = present.values.filter { known[$0.instance]?.standing != $0.standing }
        let gone = known.values.filter { present[$0.instance] == nil }
            .map { Change(instance: $0.instance, host: $0.host, standing: .gone) }
        known = present
        return (news + gone).sorted { $0.instance < $1.instance }
    }
}

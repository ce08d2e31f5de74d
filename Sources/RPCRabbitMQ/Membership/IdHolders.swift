import MqantRPC
import NIOCore
import Synchronization

/// Which other nodes claim which Ids, as far as this node heard on its present connection.
final class IdHolders: Sendable {
    struct Holder: Sendable {
        var claim: IdClaim
        var host: String
        /// When the node last said so.
        var heard: NIODeadline

        var node: NodeID { claim.node }
    }

    private struct Testimony {
        var host: String
        /// The queue that is there as long as the node's connection is.
        var replies: QueueName?
        var instances: [InstanceID: (queue: QueueName, rank: IdClaim.Rank)]
        var heard: NIODeadline
    }

    /// A node that announced nothing for so long is forgotten. If it comes back it says everything again; in a cluster of
    /// a thousand nodes each repeats its announcement every 200 s.
    private static var memory: TimeAmount { .seconds(600) }
    /// A claim that was heard so recently counts against weaker ones; an older one against processes that come back.
    /// Longer than a node of a small cluster takes to repeat its announcement.
    private static var freshness: TimeAmount { .seconds(10) }

    private let nodes = Mutex<[NodeID: Testimony]>([:])

    /// The connection was lost: nodes that spoke may be gone when others are heard again.
    func clear() { nodes.withLock { $0 = [:] } }

    /// The node with the strongest claim to an Id.
    /// - Parameter since: claims that were heard before do not count.
    func holder(of id: InstanceID, since: NIODeadline = .distantPast) -> Holder? {
        nodes.withLock { nodes in
            var strongest: Holder?
            for (node, said) in nodes where said.heard >= since {
                guard let rank = said.instances[id]?.rank else { continue }
                let claim = IdClaim(rank, of: node)
                guard strongest.map({ $0.claim < claim }) ?? true else { continue }
                strongest = Holder(claim: claim, host: said.host, heard: said.heard)
            }
            return strongest
        }
    }

    func heard(_ announcement: WireAnnouncement, now: NIODeadline) {
        nodes.withLock { nodes in
            guard announcement.goodbye != true else { return nodes[announcement.node] = nil }
            if nodes[announcement.node] == nil { nodes = nodes.filter { now - $0.value.heard < Self.memory } }
            let instances = announcement.instances.map { ($0.id, (queue: $0.queue, rank: IdClaim.Rank(wire: $0.rank))) }
            nodes[announcement.node] = Testimony(
                host: announcement.host ?? "", replies: announcement.replies,
                instances: Dictionary(instances) { first, _ in first }, heard: now)
        }
    }

    /// Whether another node has a stronger rank for the Id than this claim has. A process that comes back does not take
    /// the calls of its successor before it knows of it.
    func isOutranked(_ id: InstanceID, in rank: IdClaim.Rank, of node: NodeID, now: NIODeadline) -> Bool {
        nodes.withLock { nodes in
            nodes.contains { other, said in
                guard other != node, let own = said.instances[id]?.rank else { return false }
                // A process that comes back asks, and has another rank within seconds: it can be waited for.
                return rank < own && (rank == .returning || now - said.heard < Self.freshness)
            }
        }
    }

    /// Queues are proven gone; with that of a node's replies, all that it had.
    func gone(_ queues: [QueueName]) {
        let queues = Set(queues)
        nodes.withLock { nodes in
            for (node, said) in nodes {
                if let replies = said.replies, queues.contains(replies) {
                    nodes[node] = nil
                } else if said.instances.values.contains(where: { queues.contains($0.queue) }) {
                    nodes[node]?.instances = said.instances.filter { !queues.contains($0.value.queue) }
                }
            }
        }
    }
}

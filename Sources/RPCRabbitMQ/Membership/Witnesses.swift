import MqantRPC
import NIOCore
import Synchronization

/// Which other nodes said on this connection that they serve which Ids: who has an Id that somebody here wants.
final class Witnesses: Sendable {
    struct Holder: Sendable {
        var node: NodeID
        var host: String
        var heard: NIODeadline
    }

    private struct Testimony {
        var host: String
        var instances: [InstanceID: QueueName]
        var heard: NIODeadline
    }

    /// A node silent for so long is forgotten; if it comes back it says it again.
    private static var memory: TimeAmount { .seconds(60) }

    private let nodes = Mutex<[NodeID: Testimony]>([:])

    /// Nobody can be heard any more: whoever spoke may be gone by the time that others are heard again.
    func clear() { nodes.withLock { $0 = [:] } }

    /// Who serves the Id, as far as was heard.
    /// - Parameter since: who said so before that does not count.
    func holder(of id: InstanceID, since: NIODeadline = .distantPast) -> Holder? {
        nodes.withLock { nodes in
            for (node, said) in nodes where said.heard >= since && said.instances[id] != nil {
                return Holder(node: node, host: said.host, heard: said.heard)
            }
            return nil
        }
    }

    func heard(_ announcement: Announcement, now: NIODeadline) {
        nodes.withLock { nodes in
            guard !announcement.isGoodbye else { return nodes[announcement.node] = nil }
            if nodes[announcement.node] == nil { nodes = nodes.filter { now - $0.value.heard < Self.memory } }
            let instances = announcement.instances.map { ($0.id, $0.queue) }
            nodes[announcement.node] = Testimony(
                host: announcement.host, instances: Dictionary(instances) { first, _ in first }, heard: now)
        }
    }

    /// Queues of a node are proven gone.
    func gone(_ node: NodeID, _ queues: [QueueName]) {
        nodes.withLock { nodes in
            guard var said = nodes[node] else { return }
            said.instances = said.instances.filter { !queues.contains($0.value) }
            nodes[node] = said
        }
    }
}

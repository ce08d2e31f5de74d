import FoundationEssentials
import MqantRPC
import NIOCore
import NIOFoundationEssentialsCompat

/// An announcement as it stands on the wire (docs/wire.md).
struct WireAnnouncement: Codable, Equatable {
    struct Instance: Codable, Equatable {
        var id: InstanceID
        var type: ModuleType
        var queue: QueueName
        var gate: Bool?
        var idempotent: [String]?
        var life: UInt64?
        var generation: UInt64?
        var groups: Bool?
        /// How strong the node's claim to the Id is (`IdClaim.Rank`).
        var rank: Int?
    }

    /// The protocol's; nil in those of version 1.
    var version: Int?
    var node: NodeID
    var host: String?
    var sequence: UInt64
    var goodbye: Bool?
    /// The node's queue of replies.
    var replies: QueueName?
    /// Whether the node reads batches, on all of its queues.
    var batch: Bool?
    /// Whether the node probes its neighbours, and tells who is gone.
    var probes: Bool?
    var instances: [Instance]
    /// In an answer to a newcomer: what the node has heard of others.
    var others: [WireAnnouncement]?
    /// Of one of those: it does not answer.
    var unreachable: Bool?

    /// - Parameter rank: how strong this node's claim to an Id is; nil: the Id is not announced.
    init(
        _ announcement: Announcement, replies: QueueName,
        rank: (InstanceID) -> IdClaim.Rank? = { _ in .locked }
    ) {
        version = WireName.version
        node = announcement.node
        host = announcement.host
        sequence = announcement.sequence
        goodbye = announcement.isGoodbye ? true : nil
        self.replies = replies
        batch = true
        probes = true
        instances = announcement.instances.compactMap { instance in
            guard let rank = rank(instance.id) else { return nil }
            return Instance(
                id: instance.id, type: instance.type, queue: instance.queue, gate: instance.isGate ? true : nil,
                idempotent: instance.idempotent.isEmpty ? nil : instance.idempotent,
                life: instance.life == 0 ? nil : instance.life, generation: instance.generation,
                groups: instance.ownsGroups ? true : nil, rank: rank.wire)
        }
        others = announcement.others.isEmpty ? nil : announcement.others.map(Self.init(other:))
    }

    /// What this node has heard of another one.
    private init(other: Announcement) {
        self.init(other, replies: other.replies ?? "")
        replies = other.replies
        batch = other.readsBatches ? true : nil
        probes = other.isProbing ? true : nil
        unreachable = other.isUnreachable ? true : nil
    }

    /// Reads one; nil if it is none.
    init?(_ body: ByteBuffer) {
        guard let read = try? JSONDecoder().decode(WireAnnouncement.self, from: body), read.isSound else { return nil }
        self = read
        others = others?.filter { $0.isSound && $0.version == WireName.version }
        // Nobody tells what others were told.
        for index in others?.indices ?? 0..<0 { others?[index].others = nil }
    }

    /// A node without a name, or one instance twice, would confuse every view.
    private var isSound: Bool {
        !node.rawValue.isEmpty && Set(instances.map(\.id)).count == instances.count
    }

    var encoded: ByteBuffer? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try? encoder.encodeAsByteBuffer(self, allocator: ByteBufferAllocator())
    }

    var announcement: Announcement {
        var announcement = Announcement(
            node: node, host: host ?? "", sequence: sequence, isGoodbye: goodbye ?? false,
            instances: instances.map { instance in
                var description = InstanceDescription(id: instance.id, type: instance.type, queue: instance.queue)
                description.isGate = instance.gate ?? false
                description.idempotent = instance.idempotent ?? []
                description.life = instance.life ?? 0
                description.generation = instance.generation
                description.ownsGroups = instance.groups ?? false
                return description
            })
        announcement.replies = replies
        announcement.isProbing = probes ?? false
        announcement.readsBatches = batch ?? false
        announcement.isUnreachable = unreachable ?? false
        announcement.others = others?.map(\.announcement) ?? []
        return announcement
    }
}

import FoundationEssentials
import MqantRPC
import NIOCore
import NIOFoundationEssentialsCompat

/// Tells all nodes that queues of a node are gone, as it stands on the wire (docs/wire.md): a probe came back from them.
struct WireGone: Codable, Equatable {
    var node: NodeID
    var queues: [QueueName]

    init(node: NodeID, queues: [QueueName]) {
        self.node = node
        self.queues = queues
    }

    /// Reads one; nil if it is none.
    init?(_ body: ByteBuffer) {
        guard let read = try? JSONDecoder().decode(WireGone.self, from: body), !read.queues.isEmpty else { return nil }
        self = read
    }

    var encoded: ByteBuffer? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try? encoder.encodeAsByteBuffer(self, allocator: ByteBufferAllocator())
    }
}

import FoundationEssentials
import MqantRPC
import NIOCore
import NIOFoundationEssentialsCompat

/// Tells nodes that a node does not answer, as it stands on the wire (docs/wire.md).
struct WireClaim: Codable, Equatable {
    var node: NodeID
    /// The node's last announcement that the claimant knows.
    var sequence: UInt64

    init(_ claim: MembershipTable.Claim) {
        node = claim.node
        sequence = claim.sequence
    }

    /// Reads one; nil if it is none.
    init?(_ body: ByteBuffer) {
        guard let read = try? JSONDecoder().decode(WireClaim.self, from: body) else { return nil }
        self = read
    }

    var claim: MembershipTable.Claim { MembershipTable.Claim(node: node, sequence: sequence) }

    var encoded: ByteBuffer? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try? encoder.encodeAsByteBuffer(self, allocator: ByteBufferAllocator())
    }
}

import MqantRPC
import NIOCore
import Testing

@testable import MqantRPCRabbitMQ

/// Whom a node heard claim which Id.
@Suite struct IdHoldersTests {
    private func announcement(_ node: NodeID, _ rank: IdClaim.Rank, isGoodbye: Bool = false) throws -> WireAnnouncement
    {
        let instance = InstanceDescription(id: "x", type: "Work", queue: QueueName("x.\(node)"))
        let announcement = Announcement(
            node: node, host: "host-\(node)", sequence: 1, isGoodbye: isGoodbye, instances: [instance])
        // As it goes over the wire.
        let body = try #require(WireAnnouncement(announcement, replies: QueueName("r.\(node)")) { _ in rank }.encoded)
        return try #require(WireAnnouncement(body))
    }

    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func theStrongestClaimIsTheHolders() throws {
        let holders = IdHolders()
        for (node, rank) in [("a", .locked), ("b", .takenOver), ("c", .returning)] as [(NodeID, IdClaim.Rank)] {
            holders.heard(try announcement(node, rank), now: start)
        }
        let holder = try #require(holders.holder(of: "x"))
        #expect(holder.claim == IdClaim(.takenOver, of: "b") && holder.host == "host-b" && holder.heard == start)
        #expect(holders.holder(of: "x", since: start + .nanoseconds(1)) == nil)
        #expect(holders.holder(of: "y") == nil)
        holders.gone(["x.b"])
        #expect(holders.holder(of: "x")?.node == "a")
        holders.gone(["r.a"])
        #expect(holders.holder(of: "x")?.node == "c", "its connection is gone, and all that it had")
        holders.heard(try announcement("b", .locked), now: start)
        holders.heard(try announcement("b", .locked, isGoodbye: true), now: start)
        #expect(holders.holder(of: "x")?.node == "c")
        holders.clear()
        #expect(holders.holder(of: "x") == nil)
    }

    @Test func aStrongerClaimCountsWhileItIsFresh() throws {
        let holders = IdHolders()
        holders.heard(try announcement("b", .takenOver), now: start)
        #expect(holders.isOutranked("x", in: .locked, of: "a", now: start + .seconds(9)))
        #expect(!holders.isOutranked("x", in: .locked, of: "a", now: start + .seconds(11)), "it may be gone")
        #expect(holders.isOutranked("x", in: .returning, of: "a", now: start + .seconds(11)), "that one asks first")
        #expect(!holders.isOutranked("x", in: .takenOver, of: "a", now: start), "the newer one is believed")
        #expect(!holders.isOutranked("x", in: .locked, of: "b", now: start), "its own")
        #expect(!holders.isOutranked("y", in: .locked, of: "a", now: start))
    }

    @Test func whoIsOnStandbyAnnouncesNothing() {
        let instance = InstanceDescription(id: "x", type: "Work", queue: "q")
        let announcement = Announcement(node: "a", host: "", sequence: 1, isGoodbye: false, instances: [instance])
        #expect(WireAnnouncement(announcement, replies: "r") { _ in nil }.instances.isEmpty)
    }
}

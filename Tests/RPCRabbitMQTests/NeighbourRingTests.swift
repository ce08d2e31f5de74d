import MqantRPC
import NIOCore
import Testing

@testable import MqantRPCRabbitMQ

@Suite struct NeighbourRingTests {
    private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1 << 40) + .milliseconds(milliseconds) }

    private func news(
        _ node: String, _ sequence: UInt64 = 1, life: Int = 1, probes: Bool = true, goodbye: Bool = false
    ) -> WireAnnouncement {
        let instance = InstanceDescription(
            id: InstanceID("\(node):Chat"), type: "Chat", queue: QueueName("\(node).calls#\(life)"))
        var wire = WireAnnouncement(
            Announcement(
                node: NodeID(node), host: "h", sequence: sequence, isGoodbye: goodbye, instances: [instance]),
            replies: QueueName("\(node).replies#\(life)"))
        wire.probes = probes
        return wire
    }

    // Expectations cannot hold what changes its value.
    private func probed(_ ring: inout NeighbourRing, at time: Int64) -> [QueueName] {
        ring.queuesToProbe(now: at(time))
    }

    private func returned(_ ring: inout NeighbourRing, _ queue: QueueName, at time: Int64) -> WireGone? {
        ring.returned(queue, now: at(time))
    }

    private func heard(_ ring: inout NeighbourRing, _ news: WireAnnouncement, at time: Int64 = 0) -> Bool {
        ring.heard(news, now: at(time))
    }

    /// The ring as one of the nodes sees it.
    private func ring(of node: NodeID, _ others: String...) -> NeighbourRing {
        var ring = NeighbourRing(node: node)
        for other in others { #expect(heard(&ring, news(other), at: 0)) }
        return ring
    }

    @Test func eachProbesTheNextAndTheLastTheFirst() {
        let names = ["a", "b", "c", "d"]
        let found = names.map { name in
            var ring = NeighbourRing(node: NodeID(name))
            for other in names where other != name { #expect(heard(&ring, news(other), at: 0)) }
            return probed(&ring, at: 100)
        }
        #expect(found == [["b.replies#1"], ["c.replies#1"], ["d.replies#1"], ["a.replies#1"]])
        var alone = NeighbourRing(node: "a")
        #expect(probed(&alone, at: 0).isEmpty)
    }

    @Test func whoeverIsBehindOneThatIsSilentIsProbedToo() {
        var ring = ring(of: "a", "b", "c", "d")
        #expect(heard(&ring, news("c", 2), at: 2000))
        #expect(probed(&ring, at: 2000) == ["b.replies#1", "c.replies#1"])
        #expect(heard(&ring, news("b", 2), at: 2100))
        #expect(probed(&ring, at: 2100) == ["b.replies#1"])
    }

    @Test func whoeverIsBehindOneThatDoesNotProbeIsProbedToo() {
        var ring = NeighbourRing(node: "a")
        var least = news("b", probes: false)
        (least.replies, least.probes) = (nil, nil)
        #expect(heard(&ring, least, at: 0))
        #expect(heard(&ring, news("c"), at: 0))
        #expect(heard(&ring, news("d"), at: 0))
        #expect(probed(&ring, at: 0) == ["b.calls#1", "c.replies#1"])
    }

    @Test func whoeverANewcomerNeverHeardIsProbedByTheOneBeforeIt() {
        var ring = ring(of: "a", "c", "d")
        #expect(heard(&ring, news("b"), at: 500))
        #expect(probed(&ring, at: 600) == ["b.replies#1", "c.replies#1", "d.replies#1"])
        #expect(heard(&ring, news("d", 2), at: 700))
        #expect(probed(&ring, at: 700) == ["b.replies#1", "c.replies#1"], "c may have been killed before b came")
        #expect(heard(&ring, news("c", 2), at: 800))
        #expect(heard(&ring, news("b", 2), at: 900))
        #expect(probed(&ring, at: 900) == ["b.replies#1"])
        // Back with a connection of its own, which may have missed what was said meanwhile.
        #expect(heard(&ring, news("b", 3, life: 2), at: 1000))
        #expect(probed(&ring, at: 1000) == ["b.replies#2", "c.replies#1", "d.replies#1"])
    }

    @Test func whoWasToldToBeGoneWhileThisNodeHeardNothingIsProbed() {
        var ring = ring(of: "a", "b", "c")
        ring.connectionLost()
        // c was killed meanwhile, which b has proven and told.
        #expect(heard(&ring, news("b", 30), at: 30_000))
        #expect(probed(&ring, at: 30_100) == ["b.replies#1", "c.replies#1"])
        let gone = returned(&ring, "c.replies#1", at: 30_200)
        #expect(gone?.node == "c")
        #expect(probed(&ring, at: 30_300) == ["b.replies#1"])
    }

    @Test func whoIsHeardAgainAfterTheConnectionWasLostWatchesAsBefore() {
        var ring = ring(of: "a", "b", "c")
        ring.connectionLost()
        for (name, time) in [("b", Int64(1000)), ("c", 1100)] {
            #expect(heard(&ring, news(name, 2), at: time))
        }
        #expect(probed(&ring, at: 1200) == ["b.replies#1"])
    }

    @Test func whenAllAreSilentFewAreProbed() {
        var ring = NeighbourRing(node: "a")
        for number in 100..<200 { #expect(heard(&ring, news("n\(number)"), at: 0)) }
        #expect(probed(&ring, at: 5000).count == 8)
    }

    @Test func aReturnedProbeProvesTheWholeConnectionGoneOnce() {
        var ring = ring(of: "a", "b", "c")
        let gone = returned(&ring, "b.replies#1", at: 10)
        #expect(gone == WireGone(node: "b", queues: ["b.calls#1", "b.replies#1"]))
        #expect(returned(&ring, "b.replies#1", at: 11) == nil)
        #expect(probed(&ring, at: 11) == ["c.replies#1"], "the next one at once")
    }

    @Test func anInstanceThatIsWithdrawnProvesNothingOfItsNode() {
        var ring = ring(of: "a", "b")
        #expect(returned(&ring, "b.calls#1", at: 10) == nil)
        #expect(probed(&ring, at: 10) == ["b.replies#1"])
    }

    @Test func ofANodeWithoutRepliesEachQueueIsProvenGoneForItself() {
        var ring = NeighbourRing(node: "a")
        var least = news("b", probes: false)
        least.replies = nil
        least.instances.append(.init(id: "b2:Chat", type: "Chat", queue: "b2.calls"))
        #expect(heard(&ring, least, at: 0))
        #expect(returned(&ring, "b.calls#1", at: 1) == WireGone(node: "b", queues: ["b.calls#1"]))
        #expect(probed(&ring, at: 2) == ["b2.calls"])
        #expect(returned(&ring, "b2.calls", at: 3) == WireGone(node: "b", queues: ["b2.calls"]))
        #expect(probed(&ring, at: 4).isEmpty)
    }

    @Test func anAnnouncementThatTheProofOvertookIsIgnoredAndTheNextLifeIsNot() {
        var ring = ring(of: "a", "b", "c")
        ring.apply(WireGone(node: "b", queues: ["b.calls#1", "b.replies#1"]), now: at(1000))
        #expect(!heard(&ring, news("b", 2), at: 1001))
        #expect(probed(&ring, at: 1001) == ["c.replies#1"])
        #expect(heard(&ring, news("b", 3, life: 2), at: 1002))
        #expect(heard(&ring, news("c", 2), at: 1002))
        #expect(probed(&ring, at: 1002) == ["b.replies#2"])
        // Late news of the former life change nothing.
        ring.apply(WireGone(node: "b", queues: ["b.calls#1", "b.replies#1"]), now: at(1003))
        #expect(probed(&ring, at: 1004) == ["b.replies#2"])
    }

    @Test func aWrongProofIsForgotten() {
        var ring = ring(of: "a", "b")
        ring.apply(WireGone(node: "b", queues: ["b.calls#1", "b.replies#1"]), now: at(0))
        #expect(!heard(&ring, news("b", 2), at: 2999))
        #expect(heard(&ring, news("b", 3), at: 3000))
        #expect(probed(&ring, at: 3000) == ["b.replies#1"])
    }

    @Test func whoSaidGoodbyeIsNotProbed() {
        var ring = ring(of: "a", "b", "c")
        #expect(heard(&ring, news("b", 2, goodbye: true), at: 1))
        #expect(probed(&ring, at: 1) == ["c.replies#1"])
    }

    @Test func whoHasNothingToProbeIsForgottenInTheEnd() {
        var ring = NeighbourRing(node: "a")
        for number in 0..<1000 {
            var visitor = news("v\(number)")
            (visitor.replies, visitor.instances) = (nil, [])
            #expect(heard(&ring, visitor, at: 0))
        }
        #expect(heard(&ring, news("z"), at: 70_000))
        #expect(probed(&ring, at: 70_000) == ["z.replies#1"])
    }
}

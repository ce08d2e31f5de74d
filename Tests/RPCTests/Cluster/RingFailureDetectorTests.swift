import NIOCore
import Testing

@testable import MqantRPC

/// Whom a node probes, and what it makes of answers and of silence.
@Suite("RingFailureDetector") struct RingFailureDetectorTests {
    private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1 << 40) + .milliseconds(milliseconds) }

    private func news(
        _ node: String, _ sequence: UInt64 = 1, life: Int = 1, probes: Bool = true, goodbye: Bool = false
    ) -> Announcement {
        let instance = InstanceDescription(
            id: InstanceID("\(node):Chat"), type: "Chat", queue: QueueName("\(node).calls#\(life)"))
        var announcement = Announcement(
            node: NodeID(node), host: "h", sequence: sequence, isGoodbye: goodbye, instances: [instance])
        announcement.replies = QueueName("\(node).replies#\(life)")
        announcement.isProbing = probes
        return announcement
    }

    /// Of another language, and announcing no more than it must.
    private func least(_ node: String) -> Announcement {
        var announcement = news(node, probes: false)
        announcement.replies = nil
        return announcement
    }

    /// The cluster as one of the nodes sees it, which has known all others for long.
    private func table(of node: NodeID, _ others: String...) -> MembershipTable {
        var table = MembershipTable(own: node)
        for other in others { _ = table.apply(news(other), now: at(-10_000)) }
        settle(&table)
        return table
    }

    /// Has all who are probed answer for a while, until 0.
    private func settle(_ table: inout MembershipTable) {
        for time in stride(from: Int64(-1500), to: 0, by: 500) {
            let queues = Set(table.watch(isJudging: true, now: at(time)).queues)
            for (name, peer) in table.peers where !queues.isDisjoint(with: peer.probedQueues) {
                _ = table.answered(name, now: at(time + 1))
            }
        }
    }

    // Expectations cannot hold what changes its value.
    private func probed(_ table: inout MembershipTable, at time: Int64) -> [QueueName] {
        table.watch(isJudging: true, now: at(time)).queues
    }

    private func claims(_ table: inout MembershipTable, at time: Int64, isJudging: Bool = true) -> [NodeID] {
        table.watch(isJudging: isJudging, now: at(time)).claims.map(\.node)
    }

    @Test func eachProbesTheNextAndTheLastTheFirst() {
        let names = ["a", "b", "c", "d"]
        let found = names.map { name in
            var table = MembershipTable(own: NodeID(name))
            for other in names where other != name { _ = table.apply(news(other), now: at(-10_000)) }
            settle(&table)
            return probed(&table, at: 0)
        }
        #expect(found == [["b.replies#1"], ["c.replies#1"], ["d.replies#1"], ["a.replies#1"]])
        var alone = MembershipTable(own: "a")
        #expect(probed(&alone, at: 0).isEmpty)
    }

    @Test func theRingOfASecondBrokerIsByTheNamesThatItsNodesKnow() {
        var table = MembershipTable(own: "m")
        for name in ["a", "z"] {
            var announcement = news(name)
            (announcement.name, announcement.broker) = (announcement.node, 1)
            announcement.node = NodeID("1\u{1}\(name)")
            _ = table.apply(announcement, now: at(-10_000))
        }
        _ = table.apply(news("b"), now: at(-10_000))
        settle(&table)
        #expect(Set(probed(&table, at: 0)) == ["z.replies#1", "b.replies#1"])
    }

    @Test func aNeighbourThatLeavesAProbeUnansweredHidesNobody() {
        var table = table(of: "a", "b", "c", "d")
        #expect(probed(&table, at: 0) == ["b.replies#1"])
        #expect(probed(&table, at: 500) == ["b.replies#1", "c.replies#1", "d.replies#1"])
        for other in ["b", "c", "d"] as [NodeID] { _ = table.answered(other, now: at(600)) }
        #expect(probed(&table, at: 1000) == ["b.replies#1"])
    }

    @Test func aNeighbourThatDoesNotProbeHidesNobody() {
        var table = MembershipTable(own: "a")
        _ = table.apply(least("b"), now: at(-10_000))
        for other in ["c", "d"] { _ = table.apply(news(other), now: at(-10_000)) }
        settle(&table)
        #expect(probed(&table, at: 0) == ["b.calls#1", "c.replies#1"])
    }

    @Test func aNewcomerHidesNobodyThatItMayNotHaveHeardOf() {
        var table = table(of: "a", "c", "d")
        _ = table.apply(news("b"), now: at(500))
        #expect(probed(&table, at: 600) == ["b.replies#1", "c.replies#1", "d.replies#1"])
        for other in ["b", "c", "d"] as [NodeID] { _ = table.answered(other, now: at(601)) }
        #expect(probed(&table, at: 1100).count == 3, "they may have been killed before they told the newcomer")
        #expect(probed(&table, at: 1600).count == 3)
        for other in ["b", "c", "d"] as [NodeID] { _ = table.answered(other, now: at(1800)) }
        #expect(probed(&table, at: 2000) == ["b.replies#1"])
        // Back with a connection of its own, which may have missed what was said meanwhile.
        _ = table.apply(news("b", 2, life: 2), now: at(2100))
        #expect(probed(&table, at: 2200) == ["b.replies#2", "c.replies#1", "d.replies#1"])
    }

    @Test func whoWasToldToBeGoneWhileThisNodeHeardNothingIsProbed() {
        var table = table(of: "a", "b", "c")
        table.connectionLost()
        // c was killed meanwhile, which b has proven and told. b answers when it is asked who it is.
        _ = table.apply(news("b"), now: at(30_000))
        #expect(probed(&table, at: 30_100) == ["b.replies#1", "c.replies#1"])
        let proof = table.proof(by: "c.replies#1")
        #expect(proof?.node == "c")
        if let proof { table.apply(proof, now: at(30_200)) }
        _ = table.answered("b", now: at(30_200))
        #expect(probed(&table, at: 30_300) == ["b.replies#1"])
    }

    @Test func aNeighbourIsUnreachableThreeSecondsAfterItsLastAnswerAtMost() {
        var table = table(of: "a", "b", "c")
        _ = table.answered("b", now: at(1))
        for time in stride(from: Int64(500), to: 3000, by: 500) {
            #expect(claims(&table, at: time) == [])
            _ = table.answered("c", now: at(time + 1))
        }
        #expect(claims(&table, at: 3000) == ["b"])
        #expect(table.peers["b"]?.reachability == .unreachable)
        #expect(claims(&table, at: 3500) == [], "it is told once")
        #expect(
            probed(&table, at: 4000) == ["b.replies#1", "c.replies#1"], "and probed, for it may be gone, or answer")
        // It answers: now it has to say so itself, to all.
        let correction = table.answered("b", now: at(4100))
        #expect(
            correction?.claim == MembershipTable.Claim(node: "b", sequence: 1) && correction?.queue == "b.replies#1")
        #expect(table.peers["b"]?.reachability == .unreachable)
        _ = table.apply(news("b", 2), now: at(4200))
        #expect(table.peers["b"]?.reachability == .reachable)
        #expect(table.answered("b", now: at(4300)) == nil)
    }

    @Test func aNodeThatDoesNotHearItselfJudgesNobody() {
        var table = table(of: "a", "b")
        for time in stride(from: Int64(0), to: 2500, by: 500) { #expect(claims(&table, at: time) == []) }
        for time in stride(from: Int64(2500), to: 9000, by: 500) {
            #expect(claims(&table, at: time, isJudging: false) == [])
        }
        for time in stride(from: Int64(9000), to: 11_500, by: 500) { #expect(claims(&table, at: time) == []) }
        #expect(claims(&table, at: 11_500) == ["b"])
    }

    @Test func anyNumberOfNeighboursIsFoundUnreachable() {
        var table = MembershipTable(own: "a")
        for number in 100..<130 {
            _ = table.apply(news("n\(number)"), now: at(-10_000))
        }
        settle(&table)
        var found: Set<NodeID> = []
        for time in stride(from: Int64(0), through: 20_000, by: 500) {
            let round = table.watch(isJudging: true, now: at(time))
            #expect(round.queues.count <= 64)
            found.formUnion(round.claims.map(\.node))
        }
        #expect(found.count == 30)
    }

    @Test func whenAllAreSilentFewAreProbed() {
        var table = MembershipTable(own: "a")
        for number in 100..<200 { _ = table.apply(news("n\(number)"), now: at(-10_000)) }
        for time in stride(from: Int64(0), to: 2500, by: 500) { #expect(probed(&table, at: time).count == 8) }
    }

    @Test func aReturnedProbeProvesTheWholeConnectionGoneOnce() throws {
        var table = table(of: "a", "b", "c")
        let proof = try #require(table.proof(by: "b.replies#1"))
        #expect(proof == MembershipTable.Proof(node: "b", queues: ["b.calls#1", "b.replies#1"]))
        table.apply(proof, now: at(10))
        #expect(table.proof(by: "b.replies#1") == nil)
        #expect(probed(&table, at: 11).contains("c.replies#1"), "the next one at once")
        #expect(table.proof(by: "c.calls#1") == nil, "an instance may be withdrawn while its node lives")
    }

    @Test func ofANodeWithoutRepliesEachQueueIsProvenGoneForItself() throws {
        var table = MembershipTable(own: "a")
        var announcement = least("b")
        announcement.instances.append(InstanceDescription(id: "b2:Chat", type: "Chat", queue: "b2.calls"))
        _ = table.apply(announcement, now: at(0))
        let first = try #require(table.proof(by: "b.calls#1"))
        #expect(first == MembershipTable.Proof(node: "b", queues: ["b.calls#1"]))
        table.apply(first, now: at(1))
        #expect(probed(&table, at: 2) == ["b2.calls"])
        table.apply(try #require(table.proof(by: "b2.calls")), now: at(3))
        #expect(table.peers.isEmpty)
    }

    @Test func anAnnouncementThatTheProofOvertookIsIgnoredAndTheNextLifeIsNot() {
        var table = table(of: "a", "b", "c")
        let proof = MembershipTable.Proof(node: "b", queues: ["b.calls#1", "b.replies#1"])
        table.apply(proof, now: at(1000))
        #expect(!table.apply(news("b", 2), now: at(1001)).isTaken)
        #expect(table.apply(news("b", 3, life: 2), now: at(1002)).isTaken)
        // Late news of the former life change nothing.
        table.apply(proof, now: at(1003))
        #expect(table.peers["b"]?.replies == "b.replies#2" && table.peers["b"]?.instances.count == 1)
    }

    @Test func aWrongProofIsForgotten() {
        var table = table(of: "a", "b")
        table.apply(MembershipTable.Proof(node: "b", queues: ["b.calls#1", "b.replies#1"]), now: at(0))
        #expect(!table.apply(news("b", 2), now: at(2999)).isTaken)
        #expect(table.apply(news("b", 3), now: at(3000)).isTaken)
    }

    @Test func whoSaidGoodbyeIsNotProbed() {
        var table = table(of: "a", "b", "c")
        _ = table.apply(news("b", 2, goodbye: true), now: at(1))
        #expect(probed(&table, at: 1) == ["c.replies#1"])
    }

    @Test func anIdGoesBackToWhoeverHadItBefore() {
        var table = table(of: "a", "b")
        var heir = news("c")
        heir.instances[0].id = "b:Chat"
        #expect(table.apply(heir, now: at(0)).gone == ["b.calls#1"])
        #expect(table.peers["b"]?.instances.isEmpty == true)
        heir.sequence = 2
        heir.instances = []
        _ = table.apply(heir, now: at(1))
        #expect(table.peers["b"]?.instances.map(\.queue) == ["b.calls#1"])
    }
}

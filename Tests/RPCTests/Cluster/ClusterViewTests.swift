import NIOCore
import Testing

@testable import MqantRPC

@Suite("ClusterView") struct ClusterViewTests {
    private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1 << 40) + .milliseconds(milliseconds) }

    private func chat(_ node: String, _ life: Int = 1) -> InstanceDescription {
        InstanceDescription(id: InstanceID("\(node):Chat"), type: "Chat", queue: QueueName("\(node):Chat#\(life)"))
    }

    private func proof(_ node: NodeID, _ queues: QueueName...) -> MembershipTable.Proof {
        MembershipTable.Proof(node: node, queues: queues)
    }

    private func claim(_ node: NodeID, _ sequence: UInt64) -> MembershipTable.Claim {
        MembershipTable.Claim(node: node, sequence: sequence)
    }

    private func news(
        _ node: NodeID, _ sequence: UInt64, _ instances: [InstanceDescription], goodbye: Bool = false
    ) -> Announcement {
        Announcement(node: node, host: "h", sequence: sequence, isGoodbye: goodbye, instances: instances)
    }

    private func ids(_ view: ClusterView) -> [InstanceID] { view.candidates(of: "Chat").map(\.instance.id) }

    @Test func announcedInstancesAreLive() {
        var view = ClusterView()
        #expect(view.apply(news("b", 1, [chat("b")]), now: at(0)).isEmpty)
        view.addLocal(chat("a"))
        #expect(ids(view) == ["a:Chat", "b:Chat"])
        #expect(view.candidate("a:Chat")?.isLocal == true)
        #expect(view.candidate("b:Chat")?.isLocal == false)
        #expect(view.candidates(of: "Login").isEmpty)
        view.removeLocal("a:Chat")
        #expect(ids(view) == ["b:Chat"])
    }

    @Test func anInstanceOnStandbyServesItsTypeOnlyWhileTheOtherIsNotLive() {
        var view = ClusterView()
        view.addLocal(chat("a"))
        let theirs = InstanceDescription(id: "a:Chat", type: "Chat", queue: "theirs")
        #expect(view.apply(news("b", 1, [theirs]), now: at(0)).isEmpty)
        #expect(view.candidates(of: "Chat").map(\.isLocal) == [true], "one instance of one Id")
        let version = view.version
        view.setStandby(true, "a:Chat")
        #expect(view.candidates(of: "Chat").map(\.instance) == [theirs])
        #expect(view.ownerAndHeir(of: "k", "Chat").owner?.instance == theirs)
        #expect(view.candidate("a:Chat")?.isLocal == true, "its sessions are here")
        #expect(view.version == version + 1)
        view.apply(claim("b", 1))
        #expect(view.candidates(of: "Chat").map(\.isLocal) == [true])
        #expect(view.apply(news("b", 2, [theirs]), now: at(4001)).isEmpty)
        #expect(view.candidates(of: "Chat").map(\.instance) == [theirs])
        view.setStandby(false, "a:Chat")
        #expect(view.candidates(of: "Chat").map(\.isLocal) == [true])
        view.setStandby(true, "c:Chat")
        #expect(view.standby.isEmpty, "no such instance")
    }

    @Test func anAnnouncementThatWasOvertakenIsIgnored() {
        var view = ClusterView()
        #expect(view.apply(news("b", 5, [chat("b")]), now: at(0)).isEmpty)
        #expect(view.apply(news("b", 4, []), now: at(1)).isEmpty)
        #expect(view.apply(news("b", 5, []), now: at(1)).isEmpty)
        #expect(ids(view) == ["b:Chat"])
        #expect(view.apply(news("b", 6, []), now: at(2)).isEmpty)
        #expect(ids(view).isEmpty)
    }

    @Test func anInstanceThatIsNoLongerAnnouncedIsNotProvenGone() {
        var view = ClusterView()
        _ = view.apply(news("b", 1, [chat("b")]), now: at(0))
        #expect(view.apply(news("b", 2, []), now: at(1)).isEmpty, "it may be finishing what it has")
        #expect(ids(view).isEmpty)
    }

    @Test func whoLeavesIsThereUntilItSaysGoodbyeOrIsGone() {
        var view = ClusterView()
        _ = view.apply(news("b", 1, [chat("b")]), now: at(0))
        #expect(!view.isLeaving("b:Chat#1"))
        _ = view.apply(news("b", 2, []), now: at(1))
        #expect(view.isLeaving("b:Chat#1"))
        var killed = view
        killed.apply(proof("b", "b.replies", "b:Chat#1"), now: at(1))
        #expect(!killed.isLeaving("b:Chat#1"))
        _ = view.apply(news("b", 3, [], goodbye: true), now: at(2))
        #expect(!view.isLeaving("b:Chat#1"))
    }

    @Test func aGoodbyeIsProofForAllThatTheNodeHad() {
        var view = ClusterView()
        _ = view.apply(news("b", 1, [chat("b"), chat("b2")]), now: at(0))
        _ = view.apply(news("b", 2, [chat("b2")]), now: at(1))
        let gone = view.apply(news("b", 3, [], goodbye: true), now: at(2))
        #expect(Set(gone) == ["b:Chat#1", "b2:Chat#1"])
        #expect(view.peers["b"] == nil)
        #expect(ids(view).isEmpty)
    }

    @Test(arguments: [2, 3, 4] as [UInt64])
    func nothingBringsANodeBackAfterItsGoodbye(_ sequence: UInt64) {
        var view = ClusterView()
        _ = view.apply(news("b", 1, [chat("b")]), now: at(0))
        _ = view.apply(news("b", 3, [], goodbye: true), now: at(1))
        #expect(view.apply(news("b", sequence, [chat("b")]), now: at(2)).isEmpty)
        #expect(view.peers["b"] == nil)
        #expect(ids(view).isEmpty)
    }

    @Test func aGoodbyeThatComesFirstIsRemembered() {
        var view = ClusterView()
        #expect(view.apply(news("b", 2, [], goodbye: true), now: at(0)).isEmpty)
        _ = view.apply(news("b", 1, [chat("b")]), now: at(1))
        #expect(ids(view).isEmpty)
    }

    @Test func aNewerIncarnationProvesTheOldOneGone() {
        var view = ClusterView()
        _ = view.apply(news("b", 1, [chat("b", 1)]), now: at(0))
        #expect(view.apply(news("b", 2, [chat("b", 2)]), now: at(1)) == ["b:Chat#1"])
        #expect(view.candidate("b:Chat")?.instance.queue == "b:Chat#2")
        // The same Id at another node, after a restart.
        #expect(view.apply(news("b'", 1, [chat("b", 3)]), now: at(2)) == ["b:Chat#2"])
        #expect(view.candidate("b:Chat")?.instance.queue == "b:Chat#3")
        #expect(view.candidates(of: "Chat").count == 1)
    }

    @Test func whoDoesNotAnswerIsUnreachableWhichProvesNothing() {
        var view = ClusterView()
        _ = view.apply(news("b", 1, [chat("b")]), now: at(0))
        _ = view.apply(news("c", 1, [chat("c")]), now: at(0))
        view.apply(claim("b", 1))
        #expect(ids(view) == ["c:Chat"])
        #expect(view.peers["b"]?.reachability == .unreachable)
        let asked: [QueueName] = ["b:Chat#1", "c:Chat#1", "d:Chat#1"]
        #expect(
            view.reachability(of: asked)
                == ["b:Chat#1": .unreachable, "c:Chat#1": .reachable, "d:Chat#1": .gone])
        // It speaks again, of the same incarnation.
        #expect(view.apply(news("b", 2, [chat("b")]), now: at(3500)).isEmpty)
        #expect(ids(view) == ["b:Chat", "c:Chat"])
        view.apply(claim("b", 1))
        #expect(ids(view) == ["b:Chat", "c:Chat"], "that was said before")
        view.apply(claim("unheard of", 7))
        #expect(view.peers.count == 2)
    }

    @Test func aReturnedMessageIsProof() {
        var view = ClusterView()
        _ = view.apply(news("b", 1, [chat("b"), chat("b2")]), now: at(0))
        view.remove(queue: "b:Chat#1")
        #expect(ids(view) == ["b2:Chat"])
        view.remove(queue: "unheard of")
        #expect(ids(view) == ["b2:Chat"])
    }

    @Test func aNodeGoesWithTheLastOfItsQueues() {
        var view = ClusterView()
        _ = view.apply(news("b", 1, [chat("b"), chat("b2")]), now: at(0))
        view.apply(proof("b", "b:Chat#1"), now: at(9))
        #expect(ids(view) == ["b2:Chat"])
        view.apply(proof("unheard of", "b2:Chat#1", "b.replies"), now: at(9))
        #expect(ids(view) == ["b2:Chat"])
        view.apply(proof("b", "b2:Chat#1", "b.replies"), now: at(9))
        #expect(view.peers.isEmpty)
        #expect(ids(view).isEmpty)
    }

    @Test func proofOfAFormerIncarnationDoesNotTouchTheNewOne() {
        var view = ClusterView()
        _ = view.apply(news("b", 1, [chat("b", 1)]), now: at(0))
        _ = view.apply(news("b", 2, [chat("b", 2)]), now: at(1))
        view.apply(proof("b", "b:Chat#1"), now: at(9))
        #expect(view.candidate("b:Chat")?.instance.queue == "b:Chat#2")
    }

    @Test func aNodeThatAnnouncesNothingToProbeIsForgotten() {
        var view = ClusterView()
        _ = view.apply(news("visitor", 1, []), now: at(0))
        _ = view.apply(news("b", 1, [chat("b")]), now: at(0))
        _ = view.apply(news("c", 1, []), now: at(60_000))
        #expect(view.peers.count == 3)
        _ = view.apply(news("d", 1, []), now: at(60_001))
        #expect(Set(view.peers.keys) == ["b", "c", "d"])
    }

    @Test func theVersionCountsChangesOfWhoIsLive() {
        var view = ClusterView()
        var last = view.version
        func changed() -> Bool {
            defer { last = view.version }
            return view.version > last
        }
        _ = view.apply(news("b", 1, [chat("b")]), now: at(0))
        #expect(changed())
        _ = view.apply(news("b", 2, [chat("b")]), now: at(1))
        #expect(!changed(), "a repetition")
        view.apply(claim("b", 2))
        #expect(changed())
        var proven = view
        proven.apply(proof("b", "b:Chat#1"), now: at(9))
        #expect(proven.version > view.version, "that an unreachable one is gone is news")
        _ = view.apply(news("b", 3, [chat("b")]), now: at(19_001))
        #expect(changed())
        _ = view.apply(news("b", 4, [chat("b", 2)]), now: at(19_002))
        #expect(changed())
        view.remove(queue: "b:Chat#2")
        #expect(changed())
        view.addLocal(chat("a"))
        #expect(changed())
        view.removeLocal("a:Chat")
        #expect(changed())
        view.removeLocal("a:Chat")
        #expect(!changed())
    }

    @Test func thousandsOfNodesThatComeAndGoLeaveNothingBehind() {
        var view = ClusterView()
        for number in 0..<2000 {
            let node = NodeID("n\(number)")
            let time = at(Int64(number) * 100)
            _ = view.apply(news(node, 1, [chat("b", number)]), now: time)
            _ = view.apply(news(node, 2, [], goodbye: true), now: time)
        }
        #expect(view.peers.isEmpty)
        #expect(ids(view).isEmpty)
    }
}

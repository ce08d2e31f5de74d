import NIOCore
import Testing

@testable import MqantRPC

@Suite("ClusterView") struct ClusterViewTests {
    private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1 << 40) + .milliseconds(milliseconds) }

    private func chat(_ node: String, _ life: Int = 1, load: Int = 0) -> InstanceDescription {
        InstanceDescription(
            id: InstanceID("\(node):Chat"), type: "Chat", queue: QueueName("\(node):Chat#\(life)"), load: load)
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

    @Test func whoGivesWayServesItsTypeOnlyWhileTheOtherIsNotLive() {
        var view = ClusterView()
        view.addLocal(chat("a"))
        let theirs = InstanceDescription(id: "a:Chat", type: "Chat", queue: "theirs")
        #expect(view.apply(news("b", 1, [theirs]), now: at(0)).isEmpty)
        #expect(view.candidates(of: "Chat").map(\.isLocal) == [true], "one instance of one Id")
        let version = view.version
        view.setYielding(true, "a:Chat")
        #expect(view.candidates(of: "Chat").map(\.instance) == [theirs])
        #expect(view.ownerAndHeir(of: "k", "Chat").owner?.instance == theirs)
        #expect(view.candidate("a:Chat")?.isLocal == true, "its sessions are here")
        #expect(view.version == version + 1)
        view.suspectSilent(now: at(4000))
        #expect(view.candidates(of: "Chat").map(\.isLocal) == [true])
        #expect(view.apply(news("b", 2, [theirs]), now: at(4001)).isEmpty)
        #expect(view.candidates(of: "Chat").map(\.instance) == [theirs])
        view.setYielding(false, "a:Chat")
        #expect(view.candidates(of: "Chat").map(\.isLocal) == [true])
        view.setYielding(true, "c:Chat")
        #expect(view.yielding.isEmpty, "no such instance")
    }

    @Test func anAnnouncementThatWasOvertakenIsIgnored() {
        var view = ClusterView()
        #expect(view.apply(news("b", 5, [chat("b", load: 5)]), now: at(0)).isEmpty)
        #expect(view.apply(news("b", 4, []), now: at(1)).isEmpty)
        #expect(view.apply(news("b", 5, []), now: at(1)).isEmpty)
        #expect(view.candidate("b:Chat")?.instance.load == 5)
        #expect(view.apply(news("b", 6, [chat("b", load: 6)]), now: at(2)).isEmpty)
        #expect(view.candidate("b:Chat")?.instance.load == 6)
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
        killed.remove(["b.replies"], of: "b")
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

    @Test func silenceSuspectsAfterThreeSecondsAndProvesNothing() {
        var view = ClusterView()
        _ = view.apply(news("b", 1, [chat("b")]), now: at(0))
        _ = view.apply(news("c", 1, [chat("c")]), now: at(1000))
        view.suspectSilent(now: at(3000))
        #expect(ids(view) == ["b:Chat", "c:Chat"])
        view.suspectSilent(now: at(3001))
        #expect(ids(view) == ["c:Chat"])
        #expect(view.peers["b"]?.isSuspected == true)
        // It speaks again, of the same incarnation.
        #expect(view.apply(news("b", 2, [chat("b")]), now: at(3500)).isEmpty)
        #expect(ids(view) == ["b:Chat", "c:Chat"])
        view.suspectSilent(now: at(60_000))
        #expect(ids(view).isEmpty)
        #expect(view.peers.count == 2)
    }

    @Test func localInstancesAreNeverSuspected() {
        var view = ClusterView()
        view.addLocal(chat("a"))
        view.suspectSilent(now: at(1_000_000))
        #expect(ids(view) == ["a:Chat"])
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
        view.remove(["b:Chat#1"], of: "b")
        #expect(ids(view) == ["b2:Chat"])
        view.remove(["b2:Chat#1", "b.replies"], of: "unheard of")
        #expect(ids(view) == ["b2:Chat"])
        view.remove(["b2:Chat#1", "b.replies"], of: "b")
        #expect(view.peers.isEmpty)
        #expect(ids(view).isEmpty)
    }

    @Test func proofOfAFormerIncarnationDoesNotTouchTheNewOne() {
        var view = ClusterView()
        _ = view.apply(news("b", 1, [chat("b", 1)]), now: at(0))
        _ = view.apply(news("b", 2, [chat("b", 2)]), now: at(1))
        view.remove(["b:Chat#1"], of: "b")
        #expect(view.candidate("b:Chat")?.instance.queue == "b:Chat#2")
    }

    @Test func aSilentNodeThatServesNothingIsForgotten() {
        var view = ClusterView()
        _ = view.apply(news("visitor", 1, []), now: at(0))
        _ = view.apply(news("b", 1, [chat("b")]), now: at(0))
        view.suspectSilent(now: at(60_000))
        #expect(view.peers.count == 2)
        view.suspectSilent(now: at(60_001))
        #expect(Set(view.peers.keys) == ["b"], "who serves something may have calls in hand")
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
        _ = view.apply(news("b", 2, [chat("b", load: 9)]), now: at(1))
        #expect(!changed(), "load is no change of membership")
        view.suspectSilent(now: at(9000))
        #expect(changed())
        var proven = view
        proven.remove(["b:Chat#1"], of: "b")
        #expect(proven.version > view.version, "that a suspect is gone is news")
        _ = view.apply(news("b", 3, [chat("b")]), now: at(9001))
        #expect(changed())
        _ = view.apply(news("b", 4, [chat("b", 2)]), now: at(9002))
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

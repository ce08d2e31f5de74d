import NIOCore
import Testing

@testable import MqantRPC

@Suite("MembershipLog") struct MembershipLogTests {
    private let start = NIODeadline.uptimeNanoseconds(1 << 40)

    private func news(_ sequence: UInt64, _ queues: QueueName..., goodbye: Bool = false) -> Announcement {
        let instances = queues.map { queue in
            InstanceDescription(id: InstanceID("\(queue)".prefix { $0 != "#" } + ":Chat"), type: "Chat", queue: queue)
        }
        return Announcement(node: "n", host: "h", sequence: sequence, isGoodbye: goodbye, instances: instances)
    }

    private func tell(_ log: inout MembershipLog, _ view: ClusterView) -> [String] {
        log.changes(in: view).map { "\($0.instance) \($0.standing)" }
    }

    @Test func eachStandingIsToldOnce() {
        var (view, log) = (ClusterView(), MembershipLog())
        #expect(tell(&log, view).isEmpty)
        _ = view.apply(news(1, "a#1", "b#1"), now: start)
        #expect(tell(&log, view) == ["a:Chat live", "b:Chat live"])
        #expect(tell(&log, view).isEmpty)
        view.suspectSilent(now: start + .seconds(4))
        #expect(tell(&log, view) == ["a:Chat suspected", "b:Chat suspected"])
        view.remove(["a#1"], of: "n")
        #expect(tell(&log, view) == ["a:Chat gone"])
        _ = view.apply(news(2, "b#1"), now: start + .seconds(5))
        #expect(tell(&log, view) == ["b:Chat live"])
        _ = view.apply(news(3, goodbye: true), now: start + .seconds(5))
        #expect(tell(&log, view) == ["b:Chat gone"])
    }

    @Test func aNewIncarnationIsNoNews() {
        var (view, log) = (ClusterView(), MembershipLog())
        _ = view.apply(news(1, "a#1"), now: start)
        #expect(tell(&log, view) == ["a:Chat live"])
        _ = view.apply(news(2, "a#2"), now: start)
        #expect(tell(&log, view).isEmpty)
        view.addLocal(InstanceDescription(id: "own:Chat", type: "Chat", queue: "own#1"))
        #expect(tell(&log, view).isEmpty, "its own are told elsewhere")
    }
}

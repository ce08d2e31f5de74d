import NIOCore
import Testing

@testable import MqantRPC

@Suite("MembershipChanges") struct MembershipChangesTests {
    private let start = NIODeadline.uptimeNanoseconds(1 << 40)

    private func news(
        _ sequence: UInt64, _ queues: QueueName..., node: NodeID = "n", goodbye: Bool = false
    ) -> Announcement {
        let instances = queues.map { queue in
            InstanceDescription(id: InstanceID("\(queue)".prefix { $0 != "#" } + ":Chat"), type: "Chat", queue: queue)
        }
        var announcement = Announcement(
            node: node, host: "h", sequence: sequence, isGoodbye: goodbye, instances: instances)
        announcement.replies = QueueName("\(node).replies")
        return announcement
    }

    private func lines(_ changes: inout MembershipChanges, _ members: MembershipTable) -> [String] {
        changes.changes(in: members).lines.map { "\($0.instance) \($0.reachability)" }
    }

    private func events(_ changes: inout MembershipChanges, _ members: MembershipTable) -> [String] {
        changes.changes(in: members).events.map(Self.text)
    }

    private static func text(_ event: MembershipEvent) -> String {
        let kinds: [(MembershipEvent.Kind, String)] = [
            (.joined, "joined"), (.left, "left"), (.died, "died"), (.unreachable, "unreachable"),
            (.reachable, "reachable"), (.served, "served"), (.withdrawn, "withdrawn"),
        ]
        let kind = kinds.first { $0.0 == event.kind }?.1 ?? "?"
        return "\(event.node) \(kind)" + (event.instance.map { " \($0)" } ?? "")
    }

    @Test func eachChangeOfAnInstanceIsOneLine() {
        var (members, changes) = (MembershipTable(), MembershipChanges())
        #expect(lines(&changes, members).isEmpty)
        _ = members.apply(news(1, "a#1", "b#1"), now: start)
        #expect(lines(&changes, members) == ["a:Chat reachable", "b:Chat reachable"])
        #expect(lines(&changes, members).isEmpty)
        _ = members.apply(MembershipTable.Claim(node: "n", sequence: 1))
        #expect(lines(&changes, members) == ["a:Chat unreachable", "b:Chat unreachable"])
        members.remove("a#1")
        #expect(lines(&changes, members) == ["a:Chat gone"])
        _ = members.apply(news(2, "b#1"), now: start + .seconds(5))
        #expect(lines(&changes, members) == ["b:Chat reachable"])
        _ = members.apply(news(3, goodbye: true), now: start + .seconds(5))
        #expect(lines(&changes, members) == ["b:Chat gone"])
    }

    @Test func aNewIncarnationIsNoNews() {
        var (members, changes) = (MembershipTable(), MembershipChanges())
        _ = members.apply(news(1, "a#1"), now: start)
        #expect(lines(&changes, members) == ["a:Chat reachable"])
        _ = members.apply(news(2, "a#2"), now: start)
        #expect(changes.changes(in: members).events.isEmpty)
        #expect(lines(&changes, members).isEmpty)
    }

    @Test func eventsTellWhatHappened() {
        var (members, changes) = (MembershipTable(), MembershipChanges())
        _ = members.apply(news(1), now: start)
        #expect(events(&changes, members) == ["n joined"])
        _ = members.apply(news(2, "a#1"), now: start)
        #expect(events(&changes, members) == ["n served a:Chat"])
        _ = members.apply(MembershipTable.Claim(node: "n", sequence: 2))
        #expect(events(&changes, members) == ["n unreachable"])
        #expect(changes.introduction.map(Self.text) == ["n joined", "n unreachable", "n served a:Chat"])
        _ = members.apply(news(3, "a#1"), now: start)
        #expect(events(&changes, members) == ["n reachable"])
        _ = members.apply(news(4, "b#1"), now: start)
        #expect(events(&changes, members) == ["n withdrawn a:Chat", "n served b:Chat"])
        _ = members.apply(news(1, "b#2", node: "m"), now: start)
        #expect(events(&changes, members) == ["n withdrawn b:Chat", "m joined", "m served b:Chat"])
        members.apply(MembershipTable.Proof(node: "m", queues: ["m.replies", "b#2"]), now: start)
        #expect(
            events(&changes, members) == ["m withdrawn b:Chat", "m died", "n served b:Chat"], "as long as n says so")
        _ = members.apply(news(5, goodbye: true), now: start)
        #expect(events(&changes, members) == ["n withdrawn b:Chat", "n left"])
        #expect(changes.introduction.isEmpty)
    }
}

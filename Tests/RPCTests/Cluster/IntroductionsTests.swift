import NIOCore
import Testing

@testable import MqantRPC

/// What a newcomer is told of nodes that cannot tell it themselves at this moment.
@Suite("Introductions") struct IntroductionsTests {
    private let now = NIODeadline.uptimeNanoseconds(1 << 40)

    private func announcement(
        of node: NodeID, sequence: UInt64 = 1, serving ids: [InstanceID] = [], isGoodbye: Bool = false
    ) -> Announcement {
        let instances = ids.map { InstanceDescription(id: $0, type: "Gate", queue: QueueName("\(node).\($0)")) }
        var announcement = Announcement(
            node: node, host: "h", sequence: sequence, isGoodbye: isGoodbye, instances: instances)
        announcement.replies = QueueName("\(node).replies")
        return announcement
    }

    /// Nodes that know each other and a newcomer, which serves nothing yet.
    private func tables(_ names: [NodeID], serving: (NodeID) -> [InstanceID]) -> [NodeID: MembershipTable] {
        var tables: [NodeID: MembershipTable] = [:]
        for own in names {
            var table = MembershipTable(own: own)
            for other in names where other != own {
                _ = table.apply(announcement(of: other, serving: serving(other)), now: now)
            }
            _ = table.apply(announcement(of: "new"), now: now)
            tables[own] = table
        }
        return tables
    }

    private func serving(_ node: NodeID) -> [InstanceID] { [InstanceID("\(node):Gate")] }

    @Test func aFewTellTheNewcomerOfAllOthers() throws {
        let names = (0..<20).map { NodeID("n\($0)") }
        let tables = tables(names, serving: serving)
        let telling = names.filter { tables[$0]?.introductions(to: "new.replies").isEmpty == false }
        #expect(telling.count == 3)
        for name in telling {
            let told = try #require(tables[name]).introductions(to: "new.replies").joined()
            #expect(Set(told.map(\.node)) == Set(names).subtracting([name]))
        }
        // Whoever does not answer tells nothing: others do in its place.
        var rest = tables
        for name in names {
            for silent in telling where silent != name {
                _ = rest[name]?.apply(MembershipTable.Claim(node: silent, sequence: 1))
            }
        }
        let others = names.filter { !telling.contains($0) }
        #expect(others.filter { rest[$0]?.introductions(to: "new.replies").isEmpty == false }.count == 3)
    }

    @Test func manyAreToldInSeveralMessages() throws {
        let names = (0..<400).map { NodeID("n\($0)") }
        let tables = tables(names, serving: serving)
        let messages = try #require(
            names.lazy.compactMap { tables[$0]?.introductions(to: "new.replies") }.first { !$0.isEmpty })
        #expect(messages.count > 1)
        #expect(messages.allSatisfy { $0.count <= 150 })
        #expect(Set(messages.joined().map(\.node)).count == 399)
    }

    @Test func whoServesAlreadyIsToldNothing() {
        var table = tables(["a", "b"], serving: serving)["a"]
        #expect(table?.introductions(to: "new.replies").isEmpty == false)
        #expect(table?.introductions(to: "stranger").isEmpty == true)
        _ = table?.apply(announcement(of: "new", sequence: 2, serving: ["new:Chat"]), now: now)
        #expect(table?.introductions(to: "new.replies").isEmpty == true)
    }

    @Test func whatANodeSaysItselfCounts() {
        var table = MembershipTable(own: "new")
        _ = table.apply(announcement(of: "a", sequence: 5, serving: ["a:Gate"]), now: now)
        table.learn(announcement(of: "a", sequence: 9), now: now)
        #expect(table.peers["a"]?.sequence == 5)
        // Of one that has lost its Id to another.
        table.learn(announcement(of: "b", serving: ["a:Gate", "b:Gate"]), now: now)
        #expect(table.peers["b"]?.instances.map(\.id) == ["b:Gate"])
        #expect(table.peers["a"]?.instances.map(\.id) == ["a:Gate"])
        table.learn(announcement(of: "new", serving: ["new:Gate"]), now: now)
        #expect(table.peers["new"] == nil)
        // Its own word, though it is no newer one.
        #expect(table.peers["b"]?.since == nil)
        _ = table.apply(announcement(of: "b", serving: ["b:Gate"]), now: now)
        #expect(table.peers["b"]?.since == now)
        #expect(table.peers["b"]?.heard == now)
    }

    @Test func whoHasGoneDoesNotComeBackByHearsay() {
        var table = MembershipTable(own: "new")
        _ = table.apply(announcement(of: "a", sequence: 2, isGoodbye: true), now: now)
        table.learn(announcement(of: "a", serving: ["a:Gate"]), now: now)
        table.apply(MembershipTable.Proof(node: "b", queues: ["b.replies"]), now: now)
        table.learn(announcement(of: "b", serving: ["b:Gate"]), now: now)
        #expect(table.peers.isEmpty)
    }

    @Test func whoDoesNotAnswerIsKnownAndGetsNoCalls() {
        var view = ClusterView(MembershipTable(own: "new"))
        var silent = announcement(of: "a", serving: ["a:Gate"])
        silent.isUnreachable = true
        view.learn([silent, announcement(of: "b", serving: ["b:Gate"])], now: now)
        #expect(view.candidates(of: "Gate").map(\.instance.id) == ["b:Gate"])
        #expect(view.unreachable("a:Gate") != nil)
        _ = view.apply(announcement(of: "a", sequence: 2, serving: ["a:Gate"]), now: now)
        #expect(view.candidates(of: "Gate").map(\.instance.id) == ["a:Gate", "b:Gate"])
    }

    @Test func whoIsKnownByHearsayIsProbed() {
        var table = MembershipTable(own: "m")
        table.learn(announcement(of: "n", serving: ["n:Gate"]), now: now)
        let (queues, _) = table.watch(isJudging: true, now: now)
        #expect(queues == ["n.replies"])
    }
}

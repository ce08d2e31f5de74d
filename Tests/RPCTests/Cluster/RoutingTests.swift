import NIOCore
import Testing

@testable import MqantRPC

@Suite("Routing") struct RoutingTests {
    private func instance(_ name: String, load: Int = 0, isFull: Bool = false) -> InstanceDescription {
        InstanceDescription(
            id: InstanceID("\(name):Chat"), type: "Chat", queue: QueueName("\(name)#1"), load: load, isFull: isFull)
    }

    private func view(local: [InstanceDescription] = [], remote: [InstanceDescription]) -> ClusterView {
        var view = ClusterView()
        local.forEach { view.addLocal($0) }
        for (number, instance) in remote.enumerated() {
            _ = view.apply(
                Announcement(
                    node: NodeID("n\(number)"), host: "h", sequence: 1, isGoodbye: false, instances: [instance]),
                now: .now())
        }
        return view
    }

    private func draws(
        _ view: ClusterView, _ count: Int, full: Set<InstanceID> = [], excluding: [QueueName] = []
    ) throws -> [InstanceID: Int] {
        var draws: [InstanceID: Int] = [:]
        for _ in 0..<count {
            let chosen = try view.route("Chat", excluding: excluding) { full.contains($0) }
            draws[chosen.instance.id, default: 0] += 1
        }
        return draws
    }

    @Test func aLocalInstanceComesFirst() throws {
        let view = view(local: [instance("z")], remote: [instance("a"), instance("b")])
        #expect(try draws(view, 50) == ["z:Chat": 50])
    }

    @Test func aFullLocalInstanceComesLast() throws {
        let view = view(local: [instance("z")], remote: [instance("a", load: 7), instance("b", load: 9)])
        let draws = try draws(view, 200, full: ["z:Chat"])
        #expect(draws["z:Chat"] == nil)
        #expect(draws.values.reduce(0, +) == 200)
    }

    @Test func aFullLocalInstanceIsStillBetterThanNone() throws {
        #expect(try draws(view(local: [instance("z")], remote: []), 5, full: ["z:Chat"]) == ["z:Chat": 5])
    }

    @Test func ofTwoTheLessBusyIsTaken() throws {
        let view = view(remote: [instance("a", load: 10), instance("b", load: 3)])
        #expect(try draws(view, 100) == ["b:Chat": 100])
    }

    @Test func ofManyTheBusiestIsNeverTakenAndAllOthersAre() throws {
        let view = view(remote: (0..<5).map { instance("\($0)", load: $0) })
        let draws = try draws(view, 1000)
        #expect(draws["4:Chat"] == nil)
        #expect(draws.count == 4)
        #expect((draws["0:Chat"] ?? 0) > (draws["3:Chat"] ?? 0))
    }

    @Test func excludedQueuesAreNotTaken() throws {
        let view = view(remote: [instance("a"), instance("b", load: 100)])
        #expect(try draws(view, 10, excluding: ["a#1"]) == ["b:Chat": 10])
        let error = #expect(throws: RPCError.self) { try draws(view, 1, excluding: ["a#1", "b#1"]) }
        #expect(error == RPCError(.notFound, "Service(type:Chat) not found"))
    }

    @Test func instancesAreFoundByTheirID() throws {
        let view = view(local: [instance("z")], remote: [instance("a")])
        for id in ["a:Chat", "z:Chat"] as [InstanceID] {
            #expect(try view.route(.instance(id)) { _ in true }.instance.id == id)
        }
        for (id, excluded) in [("b:Chat", []), ("a:Chat", ["a#1"])] as [(InstanceID, [QueueName])] {
            let error = #expect(throws: RPCError.self) {
                try view.route(.instance(id), excluding: excluded) { _ in false }
            }
            #expect(error?.code == .notFound)
            #expect(error?.isSafeToResend == true)
        }
    }

    /// A view of two nodes, of which the first has been silent for too long.
    private func viewWithSuspect() -> ClusterView {
        var view = view(remote: [instance("a"), instance("b")])
        let later = NIODeadline.now() + .seconds(4)
        _ = view.apply(
            Announcement(node: "n1", host: "h", sequence: 2, isGoodbye: false, instances: [instance("b")]), now: later)
        view.suspectSilent(now: later)
        return view
    }

    @Test func aCallForASuspectedInstanceGoesToItForThereIsNowhereElse() throws {
        var view = viewWithSuspect()
        #expect(try view.route(.instance("a:Chat")) { _ in false }.instance.queue == "a#1")
        #expect(view.candidate("a:Chat") == nil, "it is not live")
        // One that came back is not sent there again, and once there is proof nobody is there.
        #expect(throws: RPCError.self) { try view.route(.instance("a:Chat"), excluding: ["a#1"]) { _ in false } }
        view.remove(queue: "a#1")
        let error = #expect(throws: RPCError.self) { try view.route(.instance("a:Chat")) { _ in false } }
        #expect(error == .instanceNotFound)
    }

    @Test func callsForAnyInstanceGoElsewhereThanToASuspectedOne() throws {
        let view = viewWithSuspect()
        #expect(try draws(view, 20) == ["b:Chat": 20])
        for number in 0..<50 {
            #expect(try view.route(.keyed("Chat", key: "room \(number)")) { _ in false }.instance.id == "b:Chat")
        }
    }

    @Test func whoAnnouncesTheIdOfASuspectedInstanceIsCalledInstead() throws {
        var view = viewWithSuspect()
        var heir = instance("a")
        heir.queue = "a#2"
        let news = Announcement(node: "n2", host: "h", sequence: 1, isGoodbye: false, instances: [heir])
        #expect(view.apply(news, now: .now()) == ["a#1"])
        #expect(try view.route(.instance("a:Chat")) { _ in false }.instance.queue == "a#2")
    }

    @Test func aSuspectThatIsHeardAgainIsLive() throws {
        var view = viewWithSuspect()
        view.forgiveSilence(now: .now())
        #expect(view.candidates(of: "Chat").count == 2)
        #expect(view.suspected("a:Chat") == nil)
    }

    @Test func aKeyKeepsItsOwnerWhereverItIsSeenFrom() throws {
        let all = (0..<5).map { instance("c\($0)") }
        for number in 0..<200 {
            let endpoint = Endpoint.keyed("Chat", key: "room \(number)")
            let outside = try view(remote: all).route(endpoint) { _ in false }.instance
            for own in all.indices {
                let inside = view(local: [all[own]], remote: all.indices.filter { $0 != own }.map { all[$0] })
                // A full owner is the owner still.
                #expect(try inside.route(endpoint) { _ in true }.instance == outside)
            }
        }
    }

    @Test func aKeyWithoutInstancesIsNotFound() {
        #expect(throws: RPCError.self) { try ClusterView().route(.keyed("Chat", key: "k")) { _ in false } }
    }
}

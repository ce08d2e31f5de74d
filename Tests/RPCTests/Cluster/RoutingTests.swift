import NIOCore
import Testing

@testable import MqantRPC

@Suite("Routing") struct RoutingTests {
    private func instance(_ name: String) -> InstanceDescription {
        InstanceDescription(id: InstanceID("\(name):Chat"), type: "Chat", queue: QueueName("\(name)#1"))
    }

    /// A view of other nodes whose instances have just told how busy they are.
    private func view(local: [InstanceDescription] = [], loads: [String: Int]) -> ClusterView {
        var view = view(local: local, remote: loads.keys.sorted().map { instance($0) })
        for (name, load) in loads { view.note(InstanceLoad(calls: load), of: InstanceID("\(name):Chat"), now: .now()) }
        return view
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
        let view = view(local: [instance("z")], loads: ["a": 7, "b": 9])
        let draws = try draws(view, 200, full: ["z:Chat"])
        #expect(draws["z:Chat"] == nil)
        #expect(draws.values.reduce(0, +) == 200)
    }

    @Test func aFullLocalInstanceIsStillBetterThanNone() throws {
        #expect(try draws(view(local: [instance("z")], remote: []), 5, full: ["z:Chat"]) == ["z:Chat": 5])
    }

    @Test func ofTwoTheLessBusyIsTaken() throws {
        let view = view(loads: ["a": 10, "b": 3])
        #expect(try draws(view, 100) == ["b:Chat": 100])
    }

    @Test func ofManyTheBusiestIsNeverTakenAndAllOthersAre() throws {
        let view = view(loads: ["0": 0, "1": 1, "2": 2, "3": 3, "4": 4])
        let draws = try draws(view, 1000)
        #expect(draws["4:Chat"] == nil)
        #expect(draws.count == 4)
        #expect((draws["0:Chat"] ?? 0) > (draws["3:Chat"] ?? 0))
    }

    @Test func anInstanceThatSaidThatItIsFullComesLast() throws {
        var view = view(loads: ["a": 0, "b": 0])
        view.note(InstanceLoad(calls: 3, isFull: true), of: "a:Chat", now: .now())
        #expect(try draws(view, 50) == ["b:Chat": 50])
    }

    @Test func aLoadThatWasToldLongAgoSaysNothing() {
        var view = view(remote: [instance("a")])
        view.note(InstanceLoad(calls: 7, isFull: true), of: "a:Chat", now: .uptimeNanoseconds(0))
        let memory = MembershipTiming().loadMemory
        #expect(view.load(of: "a:Chat", now: .uptimeNanoseconds(0) + memory - .nanoseconds(1)).calls == 7)
        #expect(view.load(of: "a:Chat", now: .uptimeNanoseconds(0) + memory) == InstanceLoad())
        view.note(InstanceLoad(calls: 7), of: "unheard of", now: .uptimeNanoseconds(0))
        #expect(view.load(of: "unheard of", now: .uptimeNanoseconds(0)) == InstanceLoad())
    }

    @Test func excludedQueuesAreNotTaken() throws {
        let view = view(loads: ["a": 0, "b": 100])
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

    /// A view of two nodes, of which the first does not answer.
    private func viewWithUnreachable() -> ClusterView {
        var view = view(remote: [instance("a"), instance("b")])
        view.apply(MembershipTable.Claim(node: "n0", sequence: 1))
        return view
    }

    @Test func aCallForAnUnreachableInstanceGoesToItForThereIsNowhereElse() throws {
        var view = viewWithUnreachable()
        #expect(try view.route(.instance("a:Chat")) { _ in false }.instance.queue == "a#1")
        #expect(view.candidate("a:Chat") == nil, "it is not live")
        // One that came back is not sent there again, and once there is proof nobody is there.
        #expect(throws: RPCError.self) { try view.route(.instance("a:Chat"), excluding: ["a#1"]) { _ in false } }
        view.remove(queue: "a#1")
        let error = #expect(throws: RPCError.self) { try view.route(.instance("a:Chat")) { _ in false } }
        #expect(error == .instanceNotFound)
    }

    @Test func callsForAnyInstanceGoElsewhereThanToAnUnreachableOne() throws {
        let view = viewWithUnreachable()
        #expect(try draws(view, 20) == ["b:Chat": 20])
        for number in 0..<50 {
            #expect(try view.route(.keyed("Chat", key: "room \(number)")) { _ in false }.instance.id == "b:Chat")
        }
    }

    @Test func whoAnnouncesTheIdOfAnUnreachableInstanceIsCalledInstead() throws {
        var view = viewWithUnreachable()
        var heir = instance("a")
        heir.queue = "a#2"
        let news = Announcement(node: "n2", host: "h", sequence: 1, isGoodbye: false, instances: [heir])
        #expect(view.apply(news, now: .now()) == ["a#1"])
        #expect(try view.route(.instance("a:Chat")) { _ in false }.instance.queue == "a#2")
    }

    @Test func anUnreachableNodeThatAnnouncesItselfIsLive() throws {
        var view = viewWithUnreachable()
        let news = Announcement(node: "n0", host: "h", sequence: 2, isGoodbye: false, instances: [instance("a")])
        #expect(view.apply(news, now: .now()) == [])
        #expect(view.candidates(of: "Chat").count == 2)
        #expect(view.unreachable("a:Chat") == nil)
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

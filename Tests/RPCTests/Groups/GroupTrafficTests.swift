import NIOCore
import Testing

@testable import MqantRPC

/// What the Gates and owners of one node decide, without a network: a Gate of this node, a Gate and owners of others.
@Suite struct GroupTrafficTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private static let near = InstanceID("near:Gate")
    private static let far = IncarnationID("far:Gate", on: "far", life: 1)

    /// A node with a Gate of its own, which knows a Gate on `far`.
    private struct Node {
        var traffic = GroupTraffic(node: "near")
        var view = ClusterView()
        var now = GroupTrafficTests.start
        let heard = Log<String>()
        let drops = Log<String>()
        var casts: [RPCRequest] = []
        /// Requests to other nodes that have not been told an outcome.
        var sent: [(request: RPCRequest, queue: QueueName, confirmation: GroupTraffic.Confirmation)] = []
        private var sequence: UInt64 = 0
        private var number: UInt64 = 0

        init() {
            var gate = InstanceDescription(id: near, type: "Gate", queue: "near.1")
            (gate.isGate, gate.generation, gate.life) = (true, 1, 1)
            view.addLocal(gate)
            let heard = heard
            traffic.add(
                IncarnationID(near, on: "near", life: 1), nil, at: QueueAddress("near.1", generation: 1),
                receiver: GroupReceiver(
                    push: { heard.add(String(buffer: $0.body)) },
                    superseded: { session, _ in heard.add("superseded: \(session)") }))
            announce("far.1", generation: 1)
        }

        mutating func announce(_ queue: QueueName?, generation: UInt64 = 0, isGoodbye: Bool = false) {
            sequence += 1
            var instances: [InstanceDescription] = []
            if let queue {
                var gate = InstanceDescription(id: far.instance, type: "Gate", queue: queue)
                (gate.isGate, gate.generation, gate.life) = (true, generation, 1)
                instances = [gate]
            }
            _ = view.apply(
                Announcement(node: "far", host: "", sequence: sequence, isGoodbye: isGoodbye, instances: instances),
                now: now)
            traffic.update(view, now: now)
            perform()
        }

        /// Does what was decided.
        mutating func perform() {
            while case let actions = traffic.takeActions(), !actions.isEmpty {
                for action in actions {
                    switch action {
                    case .deliver(let push, let receiver): receiver.push(push)
                    case .run(let body): body()
                    case .cast(let request, _): casts.append(request)
                    case .dropped(let count, let began, _): drops.add("\(count) \(began)")
                    case .send(let request, let queue, let confirmation): sent.append((request, queue, confirmation))
                    }
                }
            }
        }

        /// Tells the outcome of all that was sent, and forgets it.
        mutating func end(_ outcome: DeliveryOutcome) {
            for (_, _, confirmation) in sent { traffic.ended(confirmation, outcome, now: now) }
            sent = []
            perform()
        }

        /// The other Gate, as an owner, has taken in all that was sent to it.
        mutating func answer() {
            traffic.receive(SubscriptionAnswer(from: far, number: .max), at: near, now: now)
            perform()
        }

        /// The other Gate's word to the one here, as an owner.
        mutating func receive(_ messages: [SubscriptionMessage], generation: UInt64 = 1) {
            let address = QueueAddress(QueueName("far.\(generation)"), generation: generation)
            receive(messages, from: far, at: address)
        }

        mutating func receive(_ messages: [SubscriptionMessage], from gate: IncarnationID, at address: QueueAddress) {
            for message in messages {
                number += 1
                let request = SubscriptionRequest(message, number: number, from: gate, at: address)
                traffic.receive(request, at: near, now: now)
            }
            perform()
        }

        /// A group that the Gate of this node owns.
        var ownedGroup: GroupName {
            var number = 0
            while viewOfBoth.ownerAndHeir(of: "user.\(number)").owner != near { number += 1 }
            return GroupName("user.\(number)")
        }

        var viewOfBoth: OwnershipView { OwnershipView([near, far.instance]) }

        /// The numbers of the deliveries that were sent to a queue.
        func deliveries(to queue: QueueName) -> [String] {
            sent.filter { $0.queue == queue && $0.request.function == GroupDelivery.function }
                .compactMap { $0.request.headers["number"] }
        }

        mutating func push(_ text: String, to group: GroupName, _ outcomes: Log<PushOutcome>? = nil) {
            let push = GroupPush(group: group, topic: "t", qos: 0, body: ByteBuffer(string: text))
            var completion: GroupOwners.Pushed?
            if let outcomes { completion = { result in outcomes.add((try? result.get()) ?? .unroutable) } }
            traffic.push(push, as: near, now: now, completion: completion)
            perform()
        }
    }

    /// What happened, in order.
    private final class Log<Element: Sendable>: @unchecked Sendable {
        // Of one test, which has one thread.
        private(set) var elements: [Element] = []
        func add(_ element: Element) { elements.append(element) }
    }

    @Test func aMemberIsThereOnceAllHaveBeenTold() {
        var node = Node()
        let joins = Log<Bool>()
        node.traffic.subscribe(Self.near, to: "room", now: node.now) { result in
            joins.add((try? result.get()) != nil)
        }
        node.perform()
        #expect(joins.elements.isEmpty, "the other Gate has not been told")
        #expect(node.sent.allSatisfy { $0.queue == "far.1" })
        node.end(.delivered)
        #expect(joins.elements.isEmpty, "it is in the other's queue, and not taken in")
        node.answer()
        #expect(joins.elements == [true])
    }

    @Test func whoIsUnreachableOrTooSlowNeedNotAnswer() {
        for isUnreachable in [true, false] {
            var node = Node()
            let joins = Log<Bool>()
            node.traffic.subscribe(Self.near, to: "room", now: node.now) { joins.add((try? $0.get()) != nil) }
            node.perform()
            node.end(.delivered)
            node.now = node.now + UnansweredParcels.answerTime
            if isUnreachable {
                node.view.apply(MembershipTable.Claim(node: "far", sequence: .max))
                node.traffic.update(node.view, now: node.now)
            } else {
                node.traffic.sweep(now: node.now, isRound: false)
            }
            node.perform()
            node.end(.delivered)
            #expect(joins.elements == [true])
        }
    }

    @Test func aJoinThatReachesNoOwnerFailsInTheEnd() {
        var node = Node()
        let joins = Log<Bool>()
        node.traffic.subscribe(Self.near, to: "room", now: node.now) { joins.add((try? $0.get()) != nil) }
        node.now = node.now + WaitingMembers.patience
        node.traffic.sweep(now: node.now, isRound: true)
        node.perform()
        #expect(joins.elements == [false])
    }

    @Test func whoHasNotToldGetsEverythingAndIsNotTakenForNobody() {
        var node = Node()
        let outcomes = Log<PushOutcome>()
        node.push("1", to: "room", outcomes)
        #expect(node.deliveries(to: "far.1") == ["1"])
        node.end(.delivered)
        #expect(outcomes.elements.isEmpty, "it may have members")
        node.receive([.view(node.viewOfBoth, received: 0)])
        #expect(outcomes.elements == [.unroutable])
        node.sent = []
        node.push("2", to: "room", outcomes)
        #expect(node.sent.isEmpty)
        #expect(outcomes.elements == [.unroutable, .unroutable])
    }

    @Test func whoNeverTellsCountsAsHeard() {
        var node = Node()
        let outcomes = Log<PushOutcome>()
        node.push("1", to: "room", outcomes)
        node.end(.delivered)
        node.now = node.now + GroupOwners.audienceTime
        node.traffic.sweep(now: node.now, isRound: false)
        node.perform()
        #expect(outcomes.elements == [.routed])
    }

    @Test func aPushIsToldOfOnceItIsOnItsWay() {
        var node = Node()
        node.receive([.view(node.viewOfBoth, received: 0), .subscribe(["room"])])
        node.sent = []
        let outcomes = Log<PushOutcome>()
        node.push("1", to: "room", outcomes)
        #expect(outcomes.elements.isEmpty)
        node.end(.unknown)
        #expect(outcomes.elements == [.routed], "unreachable is not failed")
    }

    @Test func aPushOfWhichOneDeliveryIsRefusedFails() {
        let outcomes = Log<RPCError.Code?>()
        let counter = PushCounter(.routed) { result in
            if case .failure(let error) = result { outcomes.add(error.code) } else { outcomes.add(nil) }
        }
        counter.begin()
        counter.begin()
        counter.end(RPCError(.tooLarge, "too large"))
        counter.end()
        #expect(outcomes.elements.isEmpty)
        counter.end()
        #expect(outcomes.elements == [.tooLarge])
    }

    @Test func aGateThatReconnectsGetsWhatItMissedOnceAndInOrder() {
        var node = Node()
        node.receive([.view(node.viewOfBoth, received: 0), .subscribe(["room"])])
        node.sent = []
        for number in 1...3 { node.push("\(number)", to: "room") }
        #expect(node.deliveries(to: "far.1") == ["1", "2", "3"])
        node.end(.returned)
        node.push("4", to: "room")
        #expect(node.sent.isEmpty, "its queue is gone")
        node.announce("far.2", generation: 2)
        node.sent = []
        node.push("5", to: "room")
        #expect(node.deliveries(to: "far.2").isEmpty, "it tells first what it has")
        node.receive([.subscribe(["room"]), .view(node.viewOfBoth, received: 1)], generation: 2)
        #expect(node.deliveries(to: "far.2") == ["2", "3", "4", "5"])
    }

    @Test func forAGateThatStaysAwayNothingIsKeptForLong() {
        var node = Node()
        node.receive([.view(node.viewOfBoth, received: 0), .subscribe(["room"])])
        node.sent = []
        node.view.remove(queue: "far.1")
        node.traffic.update(node.view, now: node.now)
        let outcomes = Log<PushOutcome>()
        node.push("1", to: "room", outcomes)
        node.end(.returned)
        #expect(outcomes.elements == [.routed], "it may come back")
        #expect(node.traffic.isWaiting)
        node.now = node.now + GroupOwners.returnTime
        node.traffic.sweep(now: node.now, isRound: true)
        node.push("2", to: "room", outcomes)
        #expect(outcomes.elements == [.routed, .unroutable])
    }

    @Test func aGateThatSaysGoodbyeIsForgottenAtOnce() {
        var node = Node()
        node.receive([.view(node.viewOfBoth, received: 0), .subscribe(["room"])])
        node.announce(nil, isGoodbye: true)
        node.sent = []
        let outcomes = Log<PushOutcome>()
        node.push("1", to: "room", outcomes)
        #expect(outcomes.elements == [.unroutable])
        #expect(node.sent.isEmpty)
    }

    @Test func aGateOfWhichNobodyHearsIsForgotten() throws {
        var node = Node()
        node.receive([.view(node.viewOfBoth, received: 0)])
        let stranger = IncarnationID("nobody", on: "nowhere")
        node.receive([.subscribe(["room"])], from: stranger, at: QueueAddress("nowhere", generation: 7))
        node.sent = []
        node.push("1", to: "room")
        #expect(node.deliveries(to: "nowhere") == ["1"])
        #expect(node.traffic.isWaiting)
        node.now = node.now + GroupOwners.returnTime
        node.traffic.sweep(now: node.now, isRound: false)
        node.sent = []
        node.push("2", to: "room")
        #expect(node.sent.isEmpty)
    }

    @Test func deliveriesAreHandedOnOnceAndTheirOwnerIsTold() throws {
        var node = Node()
        node.traffic.subscribe(Self.near, to: "room", now: node.now) { _ in }
        node.perform()
        node.end(.delivered)
        let push = GroupPush(group: "room", topic: "t", qos: 0, body: ByteBuffer(string: "x"))
        for number in [1, 2, 2, 1, 3] as [UInt64] {
            node.traffic.receive(GroupDelivery(push, from: Self.far, number: number), at: Self.near, now: node.now)
        }
        let other = GroupPush(group: "other", topic: "t", qos: 0, body: ByteBuffer(string: "not for us"))
        node.traffic.receive(GroupDelivery(other, from: Self.far, number: 4), at: Self.near, now: node.now)
        node.perform()
        #expect(node.heard.elements == ["x", "x", "x"])
        node.traffic.sweep(now: node.now, isRound: true)
        node.perform()
        let told = try #require(node.sent.last.flatMap { SubscriptionRequest($0.request) })
        #expect(told.messages == [.received(4)])
    }

    @Test func whatAnInstanceAwaitsEndsWithIt() {
        var node = Node()
        let (joins, outcomes) = (Log<Bool>(), Log<PushOutcome>())
        node.traffic.subscribe(Self.near, to: "room", now: node.now) { joins.add((try? $0.get()) != nil) }
        node.push("1", to: "room", outcomes)
        node.traffic.remove(Self.near, now: node.now)
        node.perform()
        #expect(joins.elements == [false])
        node.end(.unknown)
        #expect(outcomes.elements == [.routed], "once")
    }

    @Test func whatIsGivenUpIsCountedAndToldOnceForAGate() {
        var node = Node()
        node.receive([.view(node.viewOfBoth, received: 0), .subscribe(["room"])])
        let bound = GroupOwner<GroupPush>.maximumKept.count
        for _ in 0...bound + 1 { node.push("x", to: "room") }
        #expect(node.drops.elements == ["1 [far:Gate]", "1 []"])
        node.receive([.received(.max)])
        for _ in 0...bound { node.push("x", to: "room") }
        #expect(node.drops.elements.last == "1 [far:Gate]", "it had all in between")
    }

    @Test func aGroupThatAGateLeftWhileAnotherOwnedItHasNobody() {
        var node = Node()
        let outcomes = Log<PushOutcome>()
        // A third instance is there for so long that this one is neither owner nor heir of all groups.
        let all = OwnershipView([Self.near, Self.far.instance, "third:Gate"])
        var number = 0
        while all.isResponsible(Self.near, for: "room-\(number)") { number += 1 }
        let group = GroupName("room-\(number)")
        node.receive([.subscribe([group]), .view(node.viewOfBoth, received: 0)])
        node.push("1", to: group, outcomes)
        node.end(.delivered)
        // The Gate tells others that its last member left.
        node.receive([.view(all, received: 0), .view(node.viewOfBoth, received: 0)])
        node.push("2", to: group, outcomes)
        #expect(outcomes.elements == [.routed, .unroutable])
    }

    // MARK: Users

    @Test func ofTwoSessionsTheOwnerKeepsTheNewer() throws {
        var node = Node()
        node.receive([.view(node.viewOfBoth, received: 0)])
        let group = node.ownedGroup
        let (here, there) = (SessionID(), SessionID())
        let outcomes = Log<BindOutcome>()
        node.traffic.bind(
            UserClaim(session: here, counter: 7), at: Self.near, to: group, policy: .kick, now: node.now
        ) { outcomes.add((try? $0.get()) ?? .refused) }
        node.perform()
        #expect(outcomes.elements.isEmpty, "the heir has not been told")
        node.end(.delivered)
        node.answer()
        #expect(outcomes.elements == [.bound])

        let ask = UserBinding(UserClaim(session: there, counter: 1), of: group, ask: .kick)
        node.receive([.bind([ask])])
        #expect(node.heard.elements == ["superseded: \(here)"])
        let answer = try #require(node.casts.last.flatMap { SubscriptionAnswer($0) })
        let claim = UserClaim(session: there, counter: 8)
        #expect(answer.verdicts == [UserVerdict(.accepted(claim), of: there, in: group)])
    }

    @Test func aSessionThatLosesItsUserBeforeItHasItIsToldSoBeforeItsLoginFails() {
        var node = Node()
        node.receive([.view(node.viewOfBoth, received: 0)])
        let group = node.ownedGroup
        let here = SessionID()
        let heard = node.heard
        node.traffic.bind(
            UserClaim(session: here, counter: 7), at: Self.near, to: group, policy: .kick, now: node.now
        ) { heard.add("login: \((try? $0.get()) == .refused ? "refused" : "not refused")") }
        node.perform()
        let ask = UserBinding(UserClaim(session: SessionID(), counter: 1), of: group, ask: .kick)
        node.receive([.bind([ask])])
        #expect(node.heard.elements == ["superseded: \(here)", "login: refused"])
    }

    @Test func aSessionOfAGateThatIsAwayRefusesForAWhileOnly() {
        var node = Node()
        node.receive([.view(node.viewOfBoth, received: 0)])
        let group = node.ownedGroup
        node.receive([.bind([UserBinding(UserClaim(session: SessionID(), counter: 1), of: group)])])
        node.view.remove(queue: "far.1")
        node.traffic.update(node.view, now: node.now)
        node.end(.returned)
        let outcomes = Log<BindOutcome>()
        node.traffic.bind(
            UserClaim(session: SessionID(), counter: 2), at: Self.near, to: group, policy: .refuse, now: node.now
        ) { outcomes.add((try? $0.get()) ?? .refused) }
        node.perform()
        #expect(outcomes.elements.isEmpty, "that Gate may come back")
        node.now = node.now + UserArbiter.patience
        node.traffic.sweep(now: node.now, isRound: false)
        node.perform()
        #expect(outcomes.elements == [.bound])
    }
}

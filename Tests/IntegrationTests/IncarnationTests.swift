import MqantAMQPURI
import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// Processes that die, links that break, Ids that two processes want (docs/architecture.md#failure-semantics).
@Suite(.timeLimit(.minutes(3)))
struct IncarnationTests {
    @Test func callsThatAKilledProcessHeldAreInterrupted() async throws {
        try await withPair(at: SharedBroker.get()) { caller, callee, _ in
            let replies = Log<RPCReply>()
            for _ in 0..<20 { begin("wait", caller, replies) }
            try await eventually("all run") { callee.transport.statistics.requests == 20 }
            let start = ContinuousClock.now
            await callee.transport.abort()
            try await eventually("all end") { replies.count == 20 }
            #expect(ContinuousClock.now - start < MachinePace.limit(.seconds(3)), "2 s, and a debug build")
            #expect(replies.elements.allSatisfy { $0.error?.code == .interrupted && $0.error?.outcome == .unknown })
            #expect(caller.transport.statistics.probes > 0)
        }
    }

    @Test(arguments: [true, false])
    func aCallThatAWithdrawnInstanceHasIsAnsweredHoweverLongItTakes(isQueueGone: Bool) async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let (caller, callee) = (try TestNode("a", on: network), try TestNode("b", on: network))
        let gate = Condition()
        for node in [caller, callee] { try await node.node.start() }
        let server = try await callee.serve("Work", "b:Work") { try register($0, gate) }
        try await caller.knows("b:Work")
        let replies = Log<RPCReply>()
        begin("wait", caller, replies)
        try await eventually("it runs") { server.load.running == 1 }
        async let withdrawn: Void = callee.node.withdraw(server, within: .seconds(isQueueGone ? 3 : 60))
        if isQueueGone {
            // A short bound: the queue is gone before the answer, and the caller's probes come back.
            try await eventually("probes come back") { caller.transport.statistics.returns >= 2 }
        } else {
            let probes = caller.transport.statistics.probes
            try await eventually("it is probed") { caller.transport.statistics.probes >= probes + 2 }
            #expect(caller.transport.statistics.returns == 0, "its queue stays as long as it has calls")
        }
        #expect(replies.count == 0)
        gate.open()
        try await eventually("it is answered") { replies.count == 1 }
        #expect(replies.elements.first?.text == #""waited""#)
        await withdrawn
        for node in [caller, callee] { await node.shutDown() }
    }

    @Test func callsOfOneThatDiesWhileItLeavesAreInterrupted() async throws {
        try await withPair(at: SharedBroker.get()) { caller, callee, _ in
            let replies = Log<RPCReply>()
            begin("wait", caller, replies)
            try await eventually("it runs") { callee.transport.statistics.requests == 1 }
            let queue = try #require(caller.node.view.candidate("b:Work")?.instance.queue)
            async let closed: Void = callee.transport.closeQueue(queue)
            callee.transport.announce(
                Announcement(node: "b", host: "", sequence: 1 << 40, isGoodbye: false, instances: []))
            try await eventually("it leaves") { caller.node.view.candidate("b:Work") == nil }
            await closed
            #expect(replies.count == 0)
            await callee.transport.abort()
            try await eventually("the caller is told") { replies.count == 1 }
            #expect(replies.elements.first?.error?.code == .interrupted)
        }
    }

    @Test func idempotentCallsGoToAnotherInstanceWhenInterrupted() async throws {
        let broker = try await SharedBroker.get()
        let network = RabbitMQNetwork(broker: broker)
        let (caller, victim, heir) = (
            try TestNode("a", on: network), try TestNode("b", on: network), try TestNode("c", on: network)
        )
        let (closed, open) = (Condition(), Condition())
        open.open()
        for node in [caller, victim, heir] { try await node.node.start() }
        try await victim.serve("Work", "b:Work") { try register($0, closed) }
        try await caller.knows("b:Work")
        let (safe, unsafe) = (Log<RPCReply>(), Log<RPCReply>())
        for _ in 0..<5 { begin("again", caller, safe) }
        for _ in 0..<5 { begin("wait", caller, unsafe) }
        try await eventually("all run") { victim.transport.statistics.requests == 10 }
        try await heir.serve("Work", "c:Work") { try register($0, open) }
        try await caller.knows("c:Work")
        await victim.transport.abort()
        try await eventually("all end") { safe.count == 5 && unsafe.count == 5 }
        #expect(safe.elements.allSatisfy { $0.text == #""c:Work""# })
        #expect(unsafe.elements.allSatisfy { $0.error?.code == .interrupted })
        closed.open()
        for node in [caller, victim, heir] { await node.shutDown() }
    }

    @Test func aSlowHandlerIsNotTakenForDead() async throws {
        try await withPair(at: SharedBroker.get()) { caller, callee, gate in
            let replies = Log<RPCReply>()
            begin("wait", caller, replies)
            // Probes say that its queue is there, again and again.
            try await eventually("it has been probed") { caller.transport.statistics.probes >= 4 }
            #expect(replies.count == 0)
            gate.open()
            try await eventually("it is answered") { replies.count == 1 }
            #expect(replies.elements.first?.text == #""waited""#)
            #expect(callee.transport.statistics.dropped(.malformed) == 0)
            #expect(callee.transport.statistics.dropped(.contentType) == 0)
        }
    }

    @Test func aCalleeThatReconnectsServesAtOnceUnderNewNames() async throws {
        let pushes = Log<GroupPush>()
        try await withPair(at: SharedBroker.get(), pushes: pushes) { caller, callee, gate in
            try await callee.subscribe("b:Work", to: "room")
            let replies = Log<RPCReply>()
            begin("wait", caller, replies)
            try await eventually("it runs") { callee.transport.statistics.requests == 1 }
            let before = callee.node.view.local["b:Work"]?.queue
            callee.transport.cut()
            try await eventually("the caller is told") { replies.count == 1 }
            #expect(replies.elements.first?.error?.code == .interrupted)
            try await eventually("the new incarnation is known") {
                let queue = caller.node.view.candidate("b:Work")?.instance.queue
                return queue != nil && queue != before && queue == callee.node.view.local["b:Work"]?.queue
            }
            #expect(await caller.reply("Work", "double", 4).text == "8")
            let push = GroupPush(group: "room", topic: "t", qos: 0, body: ByteBuffer(string: "x"))
            try await eventually("its lock is its own again") {
                callee.transport.queueNames.contains { $0.rawValue.contains("lock.") }
            }
            while try await caller.node.pushConfirmed(push) == .unroutable {}
            try await eventually("the push arrives") { pushes.count >= 1 }
        }
    }

    @Test func aCallerThatReconnectsLosesItsCallsAndGoesOn() async throws {
        try await withPair(at: SharedBroker.get()) { caller, callee, gate in
            let replies = Log<RPCReply>()
            for _ in 0..<3 { begin("wait", caller, replies) }
            try await eventually("all run") { callee.transport.statistics.requests == 3 }
            caller.transport.cut()
            try await eventually("all end") { replies.count == 3 }
            #expect(replies.elements.allSatisfy { $0.error?.code == .disconnected && $0.error?.outcome == .unknown })
            #expect(await caller.reply("Work", "double", 4).text == "8")
            #expect(caller.transport.statistics.connections == 2)
        }
    }

    @Test func aSecondProcessIsRefusedAnIdAndToldWhoHasIt() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let first = try TestNode("first", on: network, host: "10.1.2.3")
        let second = try TestNode("second", on: network)
        try await first.node.start()
        try await first.serve("Work", "x:Work")
        try await second.node.start()
        let start = ContinuousClock.now
        let error = try await #require(throws: RPCError.self) { try await second.serve("Work", "x:Work") }
        #expect(ContinuousClock.now - start < MachinePace.limit(.seconds(2)), "1 s, and a debug build")
        #expect(error.code == .instanceTaken)
        #expect(error.message.contains("first") && error.message.contains("10.1.2.3"))
        await first.shutDown()
        // Who went in good order leaves the Id to others.
        try await second.serve("Work", "x:Work")
        await second.shutDown()
    }

    @Test func aNodeRestartedRightAfterItWasKilledHasItsIdAgain() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let (one, two) = (try TestNode("one", on: network), try TestNode("two", on: network))
        let caller = try TestNode("caller", on: network)
        for node in [caller, one, two] { try await node.node.start() }
        try await one.serve("Work", "x:Work") { try $0.register("who") { (_: Int) in "one" } }
        try await caller.knows("x:Work")
        await one.transport.abort()
        try await two.serve("Work", "x:Work") { try $0.register("who") { (_: Int) in "two" } }
        try await eventually("the newer one is known") {
            caller.node.view.candidate("x:Work")?.instance.queue == two.node.view.local["x:Work"]?.queue
        }
        #expect(await caller.reply(.instance("x:Work"), "who").text == #""two""#)
        for node in [caller, one, two] { await node.shutDown() }
    }

    @Test func aSilentHolderOfAnIdIsPassedOver() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let zombie = try await Connection.open(
            try network.configuration().connection,
            handlers: ConnectionHandlers(deliveries: { _ in }, event: { _ in }))
        let channel = try await zombie.openChannel()
        var lock = QueueDeclaration(name: "\(network.name).lock.x:Work")
        lock.isExclusive = true
        lock.arguments = ["x-queue-type": "classic"]
        try await channel.declareQueue(lock)
        let (logger, lines) = LogLines.logger()
        let (node, second) = (
            try TestNode("n", on: network, host: "10.1.2.3", logger: logger), try TestNode("m", on: network)
        )
        for each in [node, second] { try await each.node.start() }
        let start = ContinuousClock.now
        try await node.serve("Work", "x:Work")
        #expect(ContinuousClock.now - start >= .milliseconds(2200), "its holder had the time to answer")
        #expect(ContinuousClock.now - start < MachinePace.limit(.seconds(3)))
        #expect(lines.count(of: "serves it without the lock") == 1)
        #expect(!node.transport.queueNames.contains { $0.rawValue.hasSuffix("lock.x:Work") })
        let error = try await #require(throws: RPCError.self) { try await second.serve("Work", "x:Work") }
        #expect(error.code == .instanceTaken && error.message.contains("10.1.2.3"), "it is served all the same")
        await zombie.close()
        try await eventually("it gets the lock") {
            node.transport.queueNames.contains { $0.rawValue.hasSuffix("lock.x:Work") }
        }
        for each in [node, second] { await each.shutDown() }
    }

    private func begin(_ function: String, _ caller: TestNode, _ replies: Log<RPCReply>) {
        let request = RPCRequest(function: function, payload: .json(ByteBuffer(string: "[0]")))
        caller.node.call("Work", request, timeout: .seconds(20)) { replies.add($0) }
    }
}

import NIOCore
import RPC
import RPCRabbitMQ
import RabbitMQ
import RabbitMQTestSupport
import Testing

/// DESIGN §8, "broker gone", "broker back" and "a node reconnects": each test has a broker of its own to maltreat.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct BrokerGoneTests {
    enum End: CaseIterable {
        case stopped, killed
    }

    @Test(arguments: End.allCases)
    func callsEndAsDisconnectedAndNewOnesWaitForTheBroker(_ end: End) async throws {
        let broker = try await RabbitMQBroker.start()
        try await withPair(at: broker) { caller, callee, gate in
            async let inFlight = caller.reply("Work", "wait")
            try await eventually("the handler runs") { isBusy(callee) }
            switch end {
            case .stopped: await broker.stop()
            case .killed: await broker.kill()
            }
            let lost = await inFlight.error
            #expect(lost?.code == .disconnected)
            #expect(lost?.outcome == .unknown)

            let start = ContinuousClock.now
            let early = await caller.reply("Work", "double", 1, timeout: .milliseconds(300)).error
            #expect(early?.code == .timeout)
            #expect(early?.outcome == .notDelivered, "it was never written")
            #expect(ContinuousClock.now - start >= .milliseconds(300))

            // Longer than a broker takes to start on a busy machine.
            async let later = caller.reply("Work", "double", 21, timeout: .seconds(90))
            async let byID = caller.reply(.instance("b:Work"), "double", 4, timeout: .seconds(90))
            try await broker.start()
            let back = ContinuousClock.now
            #expect(await later.text == "42")
            #expect(await byID.text == "8")
            #expect(ContinuousClock.now - back < MachinePace.limit(.seconds(3)), "2 s, and a debug build")
            #expect(await caller.reply("Work", "double", 3).text == "6")
        }
        await broker.remove()
    }

    @Test func aFullQueueRefusesAtOnce() async throws {
        let broker = try await RabbitMQBroker.start()
        try await withPair(at: broker, { $0.maxWaiting = 50 }) { caller, callee, _ in
            await broker.kill()
            let replies = Log<RPCReply>()
            for number in 0..<60 {
                let request = RPCRequest(function: "double", payload: .json(ByteBuffer(string: "[\(number)]")))
                caller.node.call(.instance("b:Work"), request, timeout: .seconds(30)) { replies.add($0) }
            }
            try await eventually("ten are refused") { replies.count >= 10 }
            #expect(replies.elements.allSatisfy { $0.error?.code == .overloaded && $0.error?.outcome == .notDelivered })
            #expect(replies.count == 10)
            try await broker.start()
            try await eventually("the others are answered") { replies.count == 60 }
            #expect(replies.elements.dropFirst(10).allSatisfy { $0.text != nil })
        }
        await broker.remove()
    }

    @Test func fiveThousandGroupsAreBoundAgain() async throws {
        let broker = try await RabbitMQBroker.start()
        try await withPair(at: broker) { chat, gate, _ in
            let pushes = Log<GroupPush>()
            gate.node.receivePushes(for: "b:Work") { pushes.add($0) }
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for number in 0..<5000 {
                    tasks.addTask { try await gate.bind("b:Work", to: GroupName("room \(number)")) }
                }
                try await tasks.waitForAll()
            }
            let paceBefore = try await bindingTime(of: 5000, at: broker)
            await broker.kill()
            let listening = try await listeningTime(of: broker)
            // Done in its turn: after all that had been bound before the broker went.
            try await gate.bind("b:Work", to: "one more")
            let elapsed = ContinuousClock.now - listening
            let pace = max(paceBefore, try await bindingTime(of: 5000, at: broker))
            // DESIGN §8 says 2 s, on a machine on which RabbitMQ itself takes 0.8 s for the binds. On a slower or busier
            // one, of which this is the measure, everything takes so much longer.
            let bound = Duration.seconds(2) * max(1, pace / .milliseconds(800))
            print("5000 groups are back \(elapsed) after the broker listened; the binds alone: \(pace)")
            #expect(elapsed < bound)
            try await eventually("the pushing side is back") { chat.node.view.candidate("b:Work") != nil }
            for number in 0..<5000 {
                chat.node.push(GroupPush(group: GroupName("room \(number)"), topic: "t", qos: 0, body: ByteBuffer()))
            }
            try await eventually("all pushes arrive") { Set(pushes.elements.map(\.group)).count == 5000 }
        }
        await broker.remove()
    }

    @Test func aMemoryAlarmStopsCallsAndNotDeliveries() async throws {
        let broker = try await RabbitMQBroker.start()
        try await withPair(at: broker, { $0.maxWaiting = 50 }) { caller, callee, gate in
            #expect(await caller.reply("Work", "double", 1).text == "2")
            let held = try await HeldRequest.make("double", for: callee, at: broker)
            let before = callee.transport.statistics.requests
            try await broker.ctl("set_vm_memory_high_watermark", "0.000001")
            // Each learns of it when it announces itself.
            try await eventually("both are told") { caller.transport.isStalled && callee.transport.isStalled }
            // Longer than silence takes to be suspicious, for nobody can announce itself now.
            let error = await caller.reply("Work", "double", 2, timeout: .seconds(4)).error
            #expect(error?.code == .timeout)
            #expect(error?.outcome == .notDelivered)
            try await held.release()
            try await eventually("deliveries go on") { callee.transport.statistics.requests == before + 1 }
            #expect(callee.transport.isStalled && caller.transport.isStalled)
            await held.client.connection.close()

            let replies = Log<RPCReply>()
            for _ in 0..<60 {
                let request = RPCRequest(function: "double", payload: .json(ByteBuffer(string: "[5]")))
                caller.node.call("Work", request, timeout: .seconds(30)) { replies.add($0) }
            }
            try await eventually("the queue is full") { replies.count > 0 }
            #expect(replies.elements.allSatisfy { $0.error?.code == .overloaded })
            try await broker.ctl("set_vm_memory_high_watermark", "0.6")
            try await eventually("the rest is answered") { replies.count == 60 }
            #expect(replies.elements.count { $0.text == "10" } >= 49)
            #expect(await caller.reply("Work", "double", 3).text == "6")
        }
        await broker.remove()
    }

    /// Starts the broker; when it first took a connection.
    private func listeningTime(of broker: RabbitMQBroker) async throws -> ContinuousClock.Instant {
        async let isStarted: Void = broker.start()
        let configuration = try RabbitMQNetwork(broker: broker).configuration().connection
        while true {
            do {
                let silent = ConnectionHandlers(deliveries: { _ in }, event: { _ in })
                let connection = try await Connection.open(configuration, handlers: silent)
                let time = ContinuousClock.now
                await connection.close()
                try await isStarted
                return time
            } catch let error as RabbitMQError where error.code == .unreachable {
                // It listens when it listens: only another attempt tells.
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// How long the broker takes for so many binds of a fresh queue, with nothing else to do.
    private func bindingTime(of count: Int, at broker: RabbitMQBroker) async throws -> Duration {
        let network = RabbitMQNetwork(broker: broker)
        let client = try await RawClient.connect(to: network)
        var exchange = ExchangeDeclaration(name: network.name, kind: .direct)
        exchange.isDurable = true
        try await client.channel.declareExchange(exchange)
        let start = ContinuousClock.now
        try await client.channel.bind(
            (0..<count).map { QueueBinding(queue: client.queue, exchange: network.name, routingKey: "\($0)") },
            timeout: .seconds(60))
        let elapsed = ContinuousClock.now - start
        await client.connection.close()
        return elapsed
    }

    private func isBusy(_ callee: TestNode) -> Bool { callee.transport.statistics.requests > 0 }
}

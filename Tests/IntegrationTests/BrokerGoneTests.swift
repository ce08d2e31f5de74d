import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// docs/architecture.md#failure-semantics, "broker gone", "broker back" and "a node reconnects": each test has a broker
/// of its own to maltreat.
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
                caller.node.call(.instance("b:Work"), request, timeout: .seconds(90)) { replies.add($0) }
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

    @Test func fiveThousandGroupsAreHeardAgain() async throws {
        let broker = try await RabbitMQBroker.start()
        let pushes = Log<GroupPush>()
        try await withPair(at: broker, pushes: pushes) { chat, gate, _ in
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for number in 0..<5000 {
                    tasks.addTask { try await gate.subscribe("b:Work", to: GroupName("room \(number)")) }
                }
                try await tasks.waitForAll()
            }
            await broker.kill()
            let listening = try await listeningTime(of: broker)
            // Before that pushes wait, and not for ever: then the Gate counts as gone.
            try await eventually("both are back, and know it", within: .seconds(60)) {
                let queue = chat.node.view.candidate("b:Work")?.instance.queue
                return chat.transport.isConnected && gate.transport.isConnected
                    && queue == gate.node.view.local["b:Work"]?.queue
            }
            for number in 0..<5000 {
                chat.node.push(GroupPush(group: GroupName("room \(number)"), topic: "t", qos: 0, body: ByteBuffer()))
            }
            try await eventually("all pushes arrive", within: .seconds(60)) {
                Set(pushes.elements.map(\.group)).count == 5000
            }
            print("a push to each of 5000 groups is heard \(ContinuousClock.now - listening) after the broker listened")
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

    private func isBusy(_ callee: TestNode) -> Bool { callee.transport.statistics.requests > 0 }
}

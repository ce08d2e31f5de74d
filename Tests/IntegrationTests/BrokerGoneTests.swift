import NIOCore
import RPC
import RPCRabbitMQ
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

            // However long this machine takes to start a broker.
            async let later = caller.reply("Work", "double", 21, timeout: .seconds(100))
            async let byID = caller.reply(.instance("b:Work"), "double", 4, timeout: .seconds(100))
            try await broker.start()
            let back = ContinuousClock.now
            #expect(await later.text == "42")
            #expect(await byID.text == "8")
            #expect(ContinuousClock.now - back < .seconds(4), "2 s, and what this machine's other work takes")
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
            await broker.kill()
            try await broker.start()
            let back = ContinuousClock.now
            var missing = Array(0..<5000)
            while !missing.isEmpty {
                let again: [Int] = try await withThrowingTaskGroup(of: Int?.self) { tasks in
                    for number in missing.prefix(100) {
                        tasks.addTask {
                            let push = GroupPush(
                                group: GroupName("room \(number)"), topic: "t", qos: 0, body: ByteBuffer())
                            return try await chat.node.pushConfirmedOnceBack(push) == .unroutable ? number : nil
                        }
                    }
                    return try await tasks.reduce(into: []) { if let number = $1 { $0.append(number) } }
                }
                missing = again + missing.dropFirst(100)
            }
            #expect(
                ContinuousClock.now - back < .seconds(10),
                "2 s, and this machine's other work")
            print("5000 groups are back \(ContinuousClock.now - back) after the broker listened")
            try await eventually("all pushes arrive") { Set(pushes.elements.map(\.group)).count == 5000 }
        }
        await broker.remove()
    }

    @Test func aMemoryAlarmStopsCallsAndNotDeliveries() async throws {
        let broker = try await RabbitMQBroker.start()
        try await withPair(at: broker, { $0.maxWaiting = 50 }) { caller, callee, gate in
            #expect(await caller.reply("Work", "double", 1).text == "2")
            try await broker.ctl("set_vm_memory_high_watermark", "0.000001")
            // Each learns of it when it announces itself.
            try await eventually("both are told") { caller.transport.isStalled && callee.transport.isStalled }
            // Longer than silence takes to be suspicious, for nobody can announce itself now.
            let error = await caller.reply("Work", "double", 2, timeout: .seconds(4)).error
            #expect(error?.code == .timeout)
            #expect(error?.outcome == .notDelivered)
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

    private func isBusy(_ callee: TestNode) -> Bool { callee.transport.statistics.requests > 0 }
}

extension RPCNode {
    /// A confirmed push that takes a lost connection for nobody being there.
    func pushConfirmedOnceBack(_ push: GroupPush) async throws -> PublishOutcome {
        do throws(RPCError) {
            return try await pushConfirmed(push)
        } catch {
            // Swift 6.3 crashes on a `where` clause here.
            guard error.code == .disconnected || error.code == .timeout else { throw error }
            return .unroutable
        }
    }
}

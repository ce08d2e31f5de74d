import Logging
import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// Requests to a queue whose outcome is told.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct ConfirmedTests {
    /// One that tests stop, and have refuse messages.
    private static let broker = Task { try await RabbitMQBroker.start() }

    private static func note(_ number: Int, size: Int = 0) -> RPCRequest {
        var request = RPCRequest(function: "note", payload: .bytes(ByteBuffer(repeating: 1, count: size)))
        request.headers = ["group": "room", "number": "\(number)"]
        return request
    }

    /// A transport without a node, and a node with the one instance `b:Work`, whose function `note` notes numbers.
    private func withPair(
        at broker: RabbitMQBroker, logger: Logger = RabbitMQNetwork.logger,
        _ adjust: (inout RabbitMQTransport.Configuration) -> Void = { _ in },
        _ body: (Pair) async throws -> Void
    ) async throws {
        let network = RabbitMQNetwork(broker: broker)
        let (sender, ear, numbers) = (
            try network.transport(for: "a", logger: logger, adjust), Ear(), Log<Int>()
        )
        let node = try TestNode("b", on: network)
        try await node.node.start()
        let server = try await node.serve("Work", "b:Work") { server in
            try server.registerRaw("note", options: .serial) { request in
                if let number = request.headers["number"].flatMap({ Int($0) }) { numbers.add(number) }
                return ArgumentCoding.null
            }
        }
        // As a node does.
        ear.onAnnouncement.withLock { onAnnouncement in
            onAnnouncement = { [weak sender] announcement in
                sender?.setBatchReaders(Set(announcement.instances.map(\.queue)))
            }
        }
        try await sender.start(ear)
        let queue = try #require(node.node.view.local["b:Work"]?.queue)
        let pair = Pair(
            network: network, sender: sender, ear: ear, node: node, server: server, queue: queue, numbers: numbers)
        do {
            try await body(pair)
        } catch {
            await sender.shutdown()
            await node.shutDown()
            throw error
        }
        await sender.shutdown()
        await node.shutDown()
    }

    private struct Pair: Sendable {
        let network: RabbitMQNetwork
        let sender: RabbitMQTransport
        let ear: Ear
        let node: TestNode
        let server: RPCServer
        let queue: QueueName
        let numbers: Log<Int>

        func send(_ number: Int, size: Int = 0, to queue: QueueName? = nil) {
            sender.send(
                note(number, size: size), to: queue ?? self.queue, confirmation: ear.confirmation(of: number))
        }

        func outcome(of number: Int) async throws -> String? {
            try await eventually("\(number) was told") { ear.told.contains { $0.number == number } }
            return ear.told.first { $0.number == number }?.outcome
        }

        /// Sends one after the other until one is told this.
        /// - Returns: the number after the last one's.
        @discardableResult
        func sendUntil(_ outcome: String, from first: Int) async throws -> Int {
            var number = first
            try await eventually("\(outcome)") {
                send(number)
                number += 1
                guard let told = try? await self.outcome(of: number - 1) else { return true }
                return told == outcome
            }
            return number
        }

        /// All of one turn of an event loop leave together.
        func sendInOneTurn(_ numbers: Range<Int>) async throws {
            try await MultiThreadedEventLoopGroup.singleton.next().submit {
                for number in numbers { send(number) }
            }.get()
        }
    }

    @Test func thousandsArriveInOrderAndAreTold() async throws {
        try await withPair(at: SharedBroker.get()) { pair in
            for number in 0..<2000 { pair.send(number) }
            pair.send(2000, to: "none.such")
            try await eventually("all arrive") { pair.numbers.count == 2000 }
            #expect(pair.numbers.elements == Array(0..<2000))
            try await eventually("all are told") { pair.ear.told.count == 2001 }
            let outcomes = Dictionary(uniqueKeysWithValues: pair.ear.told.map { ($0.number, $0.outcome) })
            #expect(outcomes.count == 2001 && outcomes[2000] == "returned")
            #expect(outcomes.values.count { $0 == "delivered" } == 2000)
            #expect(pair.ear.returns.count == 0 && pair.sender.statistics.returns == 1)
        }
    }

    @Test func thoseForOneQueueTravelTogether() async throws {
        try await withPair(at: SharedBroker.get()) { pair in
            // Whether a queue reads batches is heard.
            var (count, messages) = (0, UInt64.max)
            try await eventually("batches") {
                let before = (pair.sender.statistics.messages, pair.sender.statistics.envelopes)
                do {
                    try await pair.sendInOneTurn(count..<count + 1000)
                    count += 1000
                    try await eventually("all are told") { pair.ear.told.count == count }
                } catch {
                    return true
                }
                #expect(pair.sender.statistics.envelopes - before.1 == 1000)
                messages = pair.sender.statistics.messages - before.0
                return messages < 10
            }
            #expect(messages < 10 && pair.ear.told.allSatisfy { $0.outcome == "delivered" })
            #expect(Set(pair.ear.told.map(\.number)).count == count)
            try await eventually("all arrive") { pair.numbers.count == count }
            #expect(pair.numbers.elements == Array(0..<count))
            // A batch that comes back is told to each of it.
            await pair.node.transport.closeQueue(pair.queue)
            try await pair.sendInOneTurn(count..<count + 100)
            try await eventually("all are told") { pair.ear.told.count == count + 100 }
            #expect(pair.ear.told.suffix(100).allSatisfy { $0.outcome == "returned" })
            #expect(pair.ear.returns.count == 0)
        }
    }

    @Test func whatExceedsABoundIsRefusedAlone() async throws {
        try await withPair(at: SharedBroker.get(), { $0.maxWaiting = 10 }) { pair in
            try await pair.sendInOneTurn(0..<15)
            try await eventually("all are told") { pair.ear.told.count == 15 }
            let refused = pair.ear.told.filter { $0.outcome == "refused: overloaded" }.map(\.number)
            #expect(refused == Array(10..<15) && pair.numbers.elements.allSatisfy { $0 < 10 })
            var late = Self.note(15)
            late.deadline = .now() - .seconds(1)
            pair.sender.send(late, to: pair.queue, confirmation: pair.ear.confirmation(of: 15))
            #expect(try await pair.outcome(of: 15) == "refused: timeout")
        }
    }

    @Test func whatTheBrokerFindsTooLargeIsRefusedAlone() async throws {
        try await withPair(at: BrokerLimitsTests.broker.value) { pair in
            let sizes = [0, 200_000, 2_000_000, 10, 1_048_576, 9_000_000, 1_048_577, 0]
            for (number, size) in sizes.enumerated() { pair.send(number, size: size) }
            try await eventually("all are told") { pair.ear.told.count == sizes.count }
            for (number, outcome) in pair.ear.told {
                #expect(outcome == ([2, 5, 6].contains(number) ? "refused: too-large" : "delivered"), "\(number)")
            }
            try await eventually("the others arrive") { pair.numbers.count == 5 }
            #expect(pair.numbers.elements == [0, 1, 3, 4, 7] && pair.sender.statistics.connections == 1)
        }
    }

    @Test func aQueueThatRejectsIsNotOneThatIsGone() async throws {
        let broker = try await SharedBroker.get()
        let (logger, lines) = LogLines.logger()
        try await withPair(at: broker, logger: logger) { pair in
            let name = pair.network.name
            try await broker.ctl(
                "set_policy", name, "^\(name)\\.calls\\.", #"{"max-length":0,"overflow":"reject-publish"}"#,
                "--apply-to", "queues")
            let count = try await pair.sendUntil("unknown", from: 0)
            try await broker.ctl("clear_policy", name)
            try await pair.sendUntil("delivered", from: count)
            #expect(Set(pair.ear.told.map(\.outcome)) == ["unknown", "delivered"])
            #expect(lines.count(of: "the broker did not take a message") == 1)
            #expect(lines.elements.contains { $0.contains("max-length") && $0.contains(pair.queue.rawValue) })
        }
    }

    @Test func whereThereIsNoConnectionNothingWaits() async throws {
        let network = RabbitMQNetwork(broker: try await SharedBroker.get())
        let (sender, ear) = (try network.transport(for: "a") { _ in }, Ear())
        sender.send(Self.note(0), to: "q", confirmation: ear.confirmation(of: 0))
        #expect(ear.events.elements == [.told(0, "unknown")])
        try await sender.start(ear)
        await sender.shutdown()
        sender.send(Self.note(1), to: "q", confirmation: ear.confirmation(of: 1))
        #expect(ear.events.elements.last == .told(1, "unknown"))
    }

    @Test func aBrokerThatDoesNotAnswerIsNotWaitedFor() async throws {
        let broker = try await Self.broker.value
        try await withPair(at: broker, { $0.confirmTimeout = .seconds(1) }) { pair in
            broker.pause()
            defer { broker.resume() }
            let start = ContinuousClock.now
            pair.send(0)
            #expect(try await pair.outcome(of: 0) == "unknown")
            #expect(ContinuousClock.now - start >= .seconds(1))
            #expect(!pair.ear.events.elements.contains(.broke))
            broker.resume()
            // It was written: whether it arrives nobody knew. What is told is told once.
            try await eventually("it arrives") { pair.numbers.count == 1 }
            let count = try await pair.sendUntil("delivered", from: 1)
            #expect(pair.ear.told.map(\.number) == Array(0..<count))
        }
    }

    @Test func whatABrokerInAnAlarmDoesNotTakeIsGivenUp() async throws {
        let broker = try await Self.broker.value
        try await withPair(at: broker, { $0.writeTimeout = .seconds(1) }) { pair in
            try await broker.ctl("set_vm_memory_high_watermark", "0.0000001")
            // A broker blocks who publishes.
            pair.send(0)
            try await eventually("it blocks") { pair.ear.events.elements.contains(.stalled(true)) }
            pair.send(1)
            let outcome = try await pair.outcome(of: 1)
            try await broker.ctl("set_vm_memory_high_watermark", "absolute", "2GiB")
            #expect(outcome == "refused: timeout")
            try await eventually("it goes on") { pair.ear.events.elements.last == .stalled(false) }
            pair.send(2)
            #expect(try await pair.outcome(of: 2) == "delivered")
            try await eventually("it arrives") { pair.numbers.elements.last == 2 }
            #expect(!pair.numbers.elements.contains(1))
        }
    }

    @Test func aLostConnectionIsTheEndOfAllThatWaits() async throws {
        let broker = try await Self.broker.value
        try await withPair(at: broker) { pair in
            for number in 0..<10 { pair.send(number) }
            try await eventually("they are told") { pair.ear.told.count == 10 }
            broker.pause()
            defer { broker.resume() }
            // More than the sockets take: most of it waits in the outbox.
            for number in 10..<310 { pair.send(number, size: 100_000) }
            #expect(pair.ear.told.count == 10)
            pair.sender.cut()
            try await eventually("it is noticed") { pair.ear.events.elements.contains(.broke) }
            pair.send(310)
            broker.resume()
            try await eventually("the next connection") { pair.ear.events.elements.contains(.opened) }
            for number in 311..<400 { pair.send(number) }
            try await eventually("all are told") { pair.ear.told.count == 400 }
            let opened = try #require(pair.ear.events.elements.firstIndex(of: .opened))
            for number in 0..<400 {
                let events = pair.ear.events.elements
                let outcome = (10...310).contains(number) ? "unknown" : "delivered"
                #expect(events.filter { if case .told(number, _) = $0 { true } else { false } }.count == 1)
                let index = try #require(events.firstIndex(of: .told(number, outcome)), "\(number)")
                #expect((index < opened) == (number <= 310))
            }
            try await eventually("the last one arrives") { pair.numbers.elements.contains(399) }
            let arrived = pair.numbers.elements
            // What the sockets of the former connection held may come beside what is sent on the next one.
            let former = arrived.filter { $0 < 311 }
            #expect(former == Array(0..<former.count) && former.count < 200, "nothing waited")
            #expect(arrived.filter { $0 > 310 } == Array(311..<400))
        }
    }
}

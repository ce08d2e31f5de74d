import MqantTesting
import MqantTransportContract
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MqantRPC

/// The test transport does what it says: late, unordered across queues, lossy, and the same again from the same seed.
@Suite("Seeded network", .timeLimit(.minutes(1))) struct SeededNetworkTests {
    private final class Sink: TransportReceiver {
        struct Event: Sendable, Equatable {
            var number: Int
            var queue: QueueName
            var isReturned: Bool
        }

        let events = Mutex<[Event]>([])
        let isOffThread = Mutex(false)

        func received(_ envelope: Envelope, on queue: QueueName) { note(envelope, queue, isReturned: false) }
        func returned(_ envelope: Envelope, from queue: QueueName) { note(envelope, queue, isReturned: true) }
        func received(_ announcement: Announcement) {}
        func refused(_ request: RPCRequest, _ error: RPCError) {}
        func vanished(_ queue: QueueName, probedAt: NIODeadline) {}
        func gone(_ node: NodeID, _ queues: [QueueName]) {}
        func told(_ claim: MembershipTable.Claim) {}
        func answered(_ node: NodeID) {}
        func asked(by queue: QueueName?) {}
        func announcementsRestored() {}
        func refused(_ node: NodeID, host: String, version: Int) {}
        func heardItself() {}
        func connectionChanged(_ change: ConnectionChange) {}

        private func note(_ envelope: Envelope, _ queue: QueueName, isReturned: Bool) {
            if MultiThreadedEventLoopGroup.currentEventLoop == nil { isOffThread.withLock { $0 = true } }
            guard case .request(let request) = envelope, let number = Int(request.function) else { return }
            events.withLock { $0.append(Event(number: number, queue: queue, isReturned: isReturned)) }
        }
    }

    private struct Run {
        var arrived: [Sink.Event]
        var returned: [Int]
        var wasOnSendersThread: Bool
    }

    /// Sends `count` numbered requests from one node to two queues of another, in turns.
    private func run(seed: UInt64, _ faults: SeededFaults, count: Int) async throws -> Run {
        let network = try await SeededFixture(seed: seed, faults: faults).makeNetwork()
        let (near, far) = (try await network.makeTransport(for: "a"), try await network.makeTransport(for: "b"))
        let (nearSink, farSink) = (Sink(), Sink())
        try await near.start(nearSink)
        try await far.start(farSink)
        let queues = [try await far.openQueue(for: "one"), try await far.openQueue(for: "two")]
        for number in 0..<count {
            near.send(
                .request(RPCRequest(function: String(number), payload: ArgumentCoding.null)), to: queues[number % 2])
        }
        // What was sent before has left when the confirmation of this comes.
        await withCheckedContinuation { continuation in
            near.send(RPCRequest(function: "end", payload: .bytes(ByteBuffer())), to: "nobody") { _ in
                continuation.resume()
            }
        }
        for queue in queues { await far.closeQueue(queue) }
        let limit = ContinuousClock.now + .seconds(5)
        let isLossless = faults == .none
        while isLossless, farSink.events.withLock({ $0.count }) < count, ContinuousClock.now < limit {
            // The sink writes down what comes, and tells nobody.
            try await Task.sleep(for: .milliseconds(1))
        }
        await near.shutdown()
        await far.shutdown()
        await network.tearDown()
        return Run(
            arrived: farSink.events.withLock(\.self), returned: nearSink.events.withLock { $0.map(\.number) },
            wasOnSendersThread: farSink.isOffThread.withLock(\.self))
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func nothingIsLostAndEachQueueIsInOrder(seed: UInt64) async throws {
        let run = try await run(seed: seed, .none, count: 400)
        #expect(run.arrived.count == 400)
        #expect(run.returned.isEmpty)
        for queue in Set(run.arrived.map(\.queue)) {
            let numbers = run.arrived.filter { $0.queue == queue }.map(\.number)
            #expect(numbers == numbers.sorted())
        }
        #expect(run.arrived.map(\.number) != Array(0..<400), "across queues there is no order")
        #expect(!run.wasOnSendersThread)
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func faultsAreInProportion(seed: UInt64) async throws {
        let run = try await run(seed: seed, .all, count: 1000)
        let arrived = run.arrived.map(\.number)
        #expect(Set(arrived).count == arrived.count)
        #expect(Set(arrived).isDisjoint(with: run.returned))
        let lost = 1000 - arrived.count - run.returned.count
        #expect((20..<300).contains(lost), "\(lost) lost")
        #expect((10..<150).contains(run.returned.count), "\(run.returned.count) returned")
        for queue in Set(run.arrived.map(\.queue)) {
            let numbers = run.arrived.filter { $0.queue == queue }.map(\.number)
            #expect(numbers == numbers.sorted())
        }
    }

    @Test func aSeedRepeatsItsFaults() async throws {
        let first = try await run(seed: 42, .all, count: 500)
        let again = try await run(seed: 42, .all, count: 500)
        let other = try await run(seed: 43, .all, count: 500)
        #expect(first.arrived.map(\.number).sorted() == again.arrived.map(\.number).sorted())
        #expect(first.arrived.map(\.number).sorted() != other.arrived.map(\.number).sorted())
    }

    // MARK: Kills

    private static let deadly = {
        var faults = SeededFaults()
        faults.longestLife = 40
        return faults
    }()

    /// Sends requests to one node after the other, each as long as it lives.
    /// - Returns: for each life, the requests that the node got.
    private func lives(seed: UInt64, count: Int) async throws -> [[Int]] {
        let network = SeededNetwork(seed: seed, faults: Self.deadly)
        let (deaths, death) = AsyncStream<NodeID>.makeStream()
        network.beginKilling { death.yield($0) }
        let sender = try await network.makeTransport(for: "sender")
        try await sender.start(Sink())
        var lives: [[Int]] = []
        var iterator = deaths.makeAsyncIterator()
        for life in 1...count {
            let name = NodeID("node#\(life)")
            let transport = try await network.makeTransport(for: name)
            let sink = Sink()
            try await transport.start(sink)
            let queue = try await transport.openQueue(for: "node")
            network.endanger(name)
            for number in 0..<40 {
                sender.send(.request(RPCRequest(function: "\(number)", payload: ArgumentCoding.null)), to: queue)
            }
            #expect(await iterator.next() == name)
            let received = sink.events.withLock { $0.map(\.number) }
            #expect(received == Array(0..<received.count))
            lives.append(received)
            network.isBack()
            await network.kill(name)
        }
        await sender.shutdown()
        return lives
    }

    @Test func aSeedRepeatsItsKills() async throws {
        let first = try await lives(seed: 42, count: 20)
        #expect(try await lives(seed: 42, count: 20) == first)
        #expect(try await lives(seed: 43, count: 20) != first)
        #expect(Set(first.map(\.count)).count > 5, "lives are of many lengths")
    }

    @Test func whileOneIsDownNoOtherIsKilled() async throws {
        let network = SeededNetwork(seed: 1, faults: Self.deadly)
        network.beginKilling { _ in }
        for name in ["a", "b"] as [NodeID] { network.endanger(name) }
        var requests = 0
        while network.death(of: "a") == nil { requests += 1 }
        #expect(requests < 40)
        for _ in 0..<100 { #expect(network.death(of: "b") == nil) }
        network.isBack()
        #expect(network.death(of: "b") != nil)
        // The dead die once, and nobody once all is well.
        network.isBack()
        network.endanger("c")
        network.heal()
        for _ in 0..<100 {
            #expect(network.death(of: "a") == nil)
            #expect(network.death(of: "c") == nil)
        }
    }
}

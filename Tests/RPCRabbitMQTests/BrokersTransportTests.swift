import MqantRPC
import NIOCore
import Synchronization
import Testing

@testable import MqantRPCRabbitMQ

/// What a node with several brokers is told of what happens at one of them.
@Suite struct BrokersTransportTests {
    private let parts = [FakeTransport(), FakeTransport()]
    private let sink = Sink()

    private func receivers() async throws -> [any TransportReceiver] {
        let transport = BrokersTransport(node: "self", parts) { _ in 0 }
        try await transport.start(sink)
        sink.transport.withLock { $0 = transport }
        return try parts.map { part in try #require(part.receiver.withLock { $0 }) }
    }

    @Test func aNodeHearsItselfWhenItDoesAtEveryBroker() async throws {
        let receivers = try await receivers()
        receivers[0].heardItself()
        #expect(sink.heard == [])
        receivers[1].heardItself()
        #expect(sink.heard == ["heard itself"])
        // The second has gone deaf.
        for _ in 0..<5 { receivers[0].heardItself() }
        #expect(sink.heard == ["heard itself"])
        receivers[1].heardItself()
        #expect(sink.heard == ["heard itself", "heard itself"])
    }

    @Test func whatIsToldOfOthersIsOfThatBroker() async throws {
        let receivers = try await receivers()
        var announcement = Announcement(node: "n", host: "h", sequence: 1, isGoodbye: false, instances: [])
        announcement.replies = "r"
        var other = announcement
        other.node = "o"
        other.instances = [InstanceDescription(id: "i", type: "t", queue: "q")]
        var own = other
        own.node = "self"
        announcement.others = [other, own]
        receivers[1].received(announcement)
        let told = try #require(sink.announcements.withLock { $0.last })
        #expect(told.others.map(\.name) == ["o"])
        #expect(told.others.map(\.broker) == [1])
        let transport = try #require(sink.transport.withLock { $0 })
        transport.introduce(told, to: try #require(told.replies))
        let (introduced, queue) = try #require(parts[1].introductions.withLock { $0.last })
        #expect(queue == "r")
        #expect(introduced.others.map(\.node) == ["o"])
        #expect(introduced.others.map(\.replies) == ["r"])
        #expect(introduced.others.map(\.instances).map { $0.map(\.queue) } == [["q"]])
        #expect(parts[0].introductions.withLock { $0.isEmpty })
    }

    @Test func nothingIsKeptFromTheNode() async throws {
        let receivers = try await receivers()
        let request = RPCRequest(function: "f", payload: .json(ByteBuffer()))
        let error = RPCError(.overloaded, "full")
        let description = InstanceDescription(id: "i", type: "t", queue: "q")
        let announcement = Announcement(
            node: "n", host: "h", sequence: 1, isGoodbye: false, instances: [description])
        for receiver in receivers.reversed() {
            receiver.received(.request(request), on: "q")
            receiver.received(.request(request), on: .everybodys)
            receiver.returned(.request(request), from: "q")
            receiver.received(announcement)
            receiver.refused(request, error)
            receiver.vanished("q", probedAt: .distantPast)
            receiver.gone("n", ["q"])
            receiver.told(MembershipTable.Claim(node: "n", sequence: 3))
            receiver.told(MembershipTable.Claim(node: "self", sequence: 4))
            receiver.answered("n")
            receiver.asked(by: "q")
            receiver.asked(by: nil)
            receiver.announcementsRestored()
            receiver.refused("old", host: "h", version: 1)
            receiver.heardItself()
            receiver.connectionChanged(.broke(unwritten: []) { $0 == "q" })
            receiver.connectionChanged(.opened(renamed: ["q": "r"]))
            receiver.connectionChanged(.stalled(true))
            receiver.connectionChanged(.stalled(false))
            receiver.connectionChanged(.standby("i", true))
        }
        func told(_ mark: String) -> [String] {
            [
                "request on \(mark)q", "request on ", "returned from \(mark)q", "\(mark)n at \(mark)q", "refused f",
                "vanished \(mark)q",
                "gone \(mark)n \(mark)q", "told \(mark)n 3", "told self 4", "answered \(mark)n", "asked by \(mark)q",
                "asked by nobody", "restored", "refused old h 1",
            ]
        }
        func changes(_ mark: String) -> [String] {
            ["broke \(mark.isEmpty)", "opened \(mark)q \(mark)r", "stalled true", "stalled false", "standby i true"]
        }
        let mark = "1\u{1}"
        #expect(sink.heard == told(mark) + changes(mark) + told("") + ["heard itself"] + changes(""))
    }

    /// Names each thing that it is told.
    private final class Sink: TransportReceiver {
        /// Keeps it alive, as a node does.
        let transport = Mutex<BrokersTransport?>(nil)
        let announcements = Mutex<[Announcement]>([])
        private let texts = Mutex<[String]>([])

        var heard: [String] { texts.withLock { $0 } }

        private func note(_ text: String) { texts.withLock { $0.append(text) } }

        func received(_ envelope: Envelope, on queue: QueueName) { note("request on \(queue)") }
        func returned(_ envelope: Envelope, from queue: QueueName) { note("returned from \(queue)") }
        func received(_ announcement: Announcement) {
            announcements.withLock { $0.append(announcement) }
            note("\(announcement.node) at \(announcement.instances.map(\.queue.rawValue).joined())")
        }
        func refused(_ request: RPCRequest, _ error: RPCError) { note("refused \(request.function)") }
        func vanished(_ queue: QueueName, probedAt: NIODeadline) { note("vanished \(queue)") }
        func gone(_ node: NodeID, _ queues: [QueueName]) {
            note("gone \(node) \(queues.map(\.rawValue).joined())")
        }
        func told(_ claim: MembershipTable.Claim) { note("told \(claim.node) \(claim.sequence)") }
        func answered(_ node: NodeID) { note("answered \(node)") }
        func asked(by queue: QueueName?) { note("asked by \(queue ?? "nobody")") }
        func announcementsRestored() { note("restored") }
        func refused(_ node: NodeID, host: String, version: Int) { note("refused \(node) \(host) \(version)") }
        func heardItself() { note("heard itself") }
        func connectionChanged(_ change: ConnectionChange) {
            switch change {
            case .opened(let names):
                note("opened \(names.map { "\($0.key) \($0.value)" }.joined())")
            // Whether it concerns what is at the first broker.
            case .broke(_, let isAffected): note("broke \(isAffected("q"))")
            case .stalled(let isStalled): note("stalled \(isStalled)")
            case .standby(let id, let isStandby): note("standby \(id) \(isStandby)")
            }
        }
    }
}

/// Does nothing but remember whom it has to tell.
private final class FakeTransport: Transport {
    let receiver = Mutex<(any TransportReceiver)?>(nil)
    let introductions = Mutex<[(Announcement, QueueName)]>([])

    var replyQueue: QueueName { "replies" }
    func start(_ receiver: any TransportReceiver) async throws(RPCError) { self.receiver.withLock { $0 = receiver } }
    func openQueue(for instance: InstanceID) async throws(RPCError) -> QueueName { QueueName(instance.rawValue) }
    func closeQueue(_ queue: QueueName) async {}
    func send(_ envelope: Envelope, to queue: QueueName) {}
    func send(_ request: RPCRequest, to queue: QueueName, confirmation: @escaping @Sendable (DeliveryOutcome) -> Void) {
        confirmation(.unknown)
    }
    func announce(_ announcement: Announcement) {}
    func introduce(_ announcement: Announcement, to queue: QueueName) {
        introductions.withLock { $0.append((announcement, queue)) }
    }
    func ask() {}
    func shutdown() async {}
}

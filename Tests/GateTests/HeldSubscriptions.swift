import Foundation
import Mqant
import MqantRPC
import NIOCore
import Synchronization

/// A transport that lets no subscription out before it is told to: between the question and the answer a client may go.
final class HeldSubscriptions: Transport {
    private struct State {
        var held: [@Sendable () -> Void] = []
        var isOpen = false
    }

    private let transport: InProcessTransport
    private let state = Mutex(State())
    private let signal = AsyncStream<GroupName>.makeStream()

    init(_ transport: InProcessTransport) { self.transport = transport }

    /// Returns when the Gate subscribes to a group.
    func next() async -> GroupName? { await signal.stream.first { _ in true } }

    /// Sends what waits, and from now on at once.
    func open() {
        let held = state.withLock { state in
            defer { state.held = [] }
            state.isOpen = true
            return state.held
        }
        for send in held { send() }
    }

    var replyQueue: QueueName { transport.replyQueue }

    func start(_ receiver: any TransportReceiver) async throws(RPCError) { try await transport.start(receiver) }
    func run() async { await transport.run() }

    func openQueue(for instance: InstanceID) async throws(RPCError) -> QueueName {
        try await transport.openQueue(for: instance)
    }

    func closeQueue(_ queue: QueueName) async { await transport.closeQueue(queue) }

    func send(_ envelope: Envelope, to queue: QueueName) { transport.send(envelope, to: queue) }

    func send(
        _ request: RPCRequest, to queue: QueueName, confirmation: @escaping @Sendable (DeliveryOutcome) -> Void
    ) {
        let send: @Sendable () -> Void = { [transport] in
            transport.send(request, to: queue, confirmation: confirmation)
        }
        let group = Self.group(of: request)
        let isHeld = state.withLock { state in
            // What is sent behind it stays behind it.
            guard !state.isOpen, group != nil || !state.held.isEmpty else { return false }
            state.held.append(send)
            return true
        }
        if !isHeld { send() }
        if let group { signal.continuation.yield(group) }
    }

    /// The group that a request subscribes to; nil: it is about something else.
    private static func group(of request: RPCRequest) -> GroupName? {
        struct Message: Decodable {
            struct Binding: Decodable {
                var group: GroupName
            }

            var subscribe: [GroupName]?
            var bind: [Binding]?
        }
        guard request.function == "$subscriptions" else { return nil }
        let messages = try? JSONDecoder().decode([Message].self, from: Data(request.payload.buffer.readableBytesView))
        return messages?.first?.subscribe?.first ?? messages?.first?.bind?.first?.group
    }

    func announce(_ announcement: Announcement) { transport.announce(announcement) }

    func introduce(_ announcement: Announcement, to queue: QueueName) { transport.introduce(announcement, to: queue) }

    func ask() { transport.ask() }

    func shutdown() async { await transport.shutdown() }
}

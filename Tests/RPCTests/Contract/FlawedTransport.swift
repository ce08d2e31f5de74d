import MqantRPC
import NIOCore
import Synchronization

/// A transport with one flaw; all else it leaves to the one beneath.
final class FlawedTransport: Transport {
    private struct State {
        var heldRequest: (Envelope, QueueName)?
        var heldConfirmed: (RPCRequest, @Sendable (DeliveryOutcome) -> Void)?
        var heldReply: RPCReply?
        var count = 0
    }

    private let flaw: Flaw
    private let inner: any Transport
    private let state = Mutex(State())

    init(flaw: Flaw, inner: any Transport) {
        self.flaw = flaw
        self.inner = inner
    }

    var replyQueue: QueueName { inner.replyQueue }

    func start(_ receiver: any TransportReceiver) async throws(RPCError) { try await inner.start(receiver) }

    func run() async { await inner.run() }

    func openQueue(for instance: InstanceID) async throws(RPCError) -> QueueName {
        try await inner.openQueue(for: instance)
    }

    func closeQueue(_ queue: QueueName) async { await inner.closeQueue(queue) }

    func send(_ envelope: Envelope, to queue: QueueName) {
        switch envelope {
        case .request(let request): send(request, to: queue)
        case .reply(let reply, let id, let instance):
            inner.send(.reply(flawed(reply), to: id, from: instance), to: queue)
        }
    }

    private func send(_ request: RPCRequest, to queue: QueueName) {
        var request = request
        switch flaw {
        case .swapsPushes where request.function != GroupPush.function: break
        case .swapsRequests, .swapsPushes:
            let held = state.withLock { state in
                defer { state.heldRequest = state.heldRequest == nil ? (.request(request), queue) : nil }
                return state.heldRequest
            }
            guard let held else { return }
            inner.send(.request(request), to: queue)
            inner.send(held.0, to: held.1)
            return
        case .deliversTwice:
            let count = state.withLock { state in
                state.count += 1
                return state.count
            }
            if count % 50 == 0 { inner.send(.request(request), to: queue) }
        case .changesAByte:
            if case .bytes(var buffer) = request.payload, let byte = buffer.getBytes(at: buffer.readerIndex, length: 1)
            {
                buffer.setInteger(byte[0] & 0x7f, at: buffer.readerIndex)
                request.payload = .bytes(buffer)
            }
        case .forgetsSession:
            request.session?.groups = []
        case .mixesReplies, .alwaysRouted, .losesCode, .swapsConfirmed, .alwaysDelivered:
            break
        }
        inner.send(.request(request), to: queue)
    }

    private func flawed(_ reply: RPCReply) -> RPCReply {
        switch (flaw, reply) {
        case (.mixesReplies, .success):
            // Every answer is the one before it, as if correlation ids did not count.
            state.withLock { state in
                defer { state.heldReply = reply }
                return state.heldReply ?? reply
            }
        case (.alwaysRouted, .success(.json(let text))) where String(buffer: text) == "false":
            .success(.json(ByteBuffer(string: "true")))
        case (.losesCode, .failure(let error)):
            .failure(RPCError(.remote, error.message))
        default:
            reply
        }
    }

    func send(
        _ request: RPCRequest, to queue: QueueName, confirmation: @escaping @Sendable (DeliveryOutcome) -> Void
    ) {
        switch flaw {
        case .swapsConfirmed:
            let held = state.withLock { state in
                defer { state.heldConfirmed = state.heldConfirmed == nil ? (request, confirmation) : nil }
                return state.heldConfirmed
            }
            guard let held else { return }
            inner.send(request, to: queue, confirmation: confirmation)
            inner.send(held.0, to: queue, confirmation: held.1)
        case .alwaysDelivered:
            inner.send(request, to: queue) { _ in confirmation(.delivered) }
        default:
            inner.send(request, to: queue, confirmation: confirmation)
        }
    }

    func announce(_ announcement: Announcement) { inner.announce(announcement) }

    func introduce(_ announcement: Announcement, to queue: QueueName) { inner.introduce(announcement, to: queue) }

    func ask() { inner.ask() }

    func shutdown() async { await inner.shutdown() }
}

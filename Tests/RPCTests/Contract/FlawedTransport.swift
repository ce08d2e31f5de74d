import NIOCore
import RPC
import Synchronization

/// A transport with one flaw; all else it leaves to the one beneath.
final class FlawedTransport: Transport {
    private struct State {
        var heldRequest: (Envelope, QueueName)?
        var heldPush: RPCRequest?
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
        case .swapsRequests:
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
        case .swapsPushes, .mixesReplies, .alwaysRouted, .losesCode:
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
        case (.losesCode, .failure(let error)):
            .failure(RPCError(.remote, error.message))
        default:
            reply
        }
    }

    func bind(_ queue: QueueName, to group: GroupName, completion: @escaping @Sendable (Result<Void, RPCError>) -> Void)
    {
        inner.bind(queue, to: group, completion: completion)
    }

    func unbind(
        _ queue: QueueName, from group: GroupName, completion: @escaping @Sendable (Result<Void, RPCError>) -> Void
    ) {
        inner.unbind(queue, from: group, completion: completion)
    }

    func publish(
        _ request: RPCRequest, to group: GroupName,
        confirmation: (@Sendable (Result<PublishOutcome, RPCError>) -> Void)?
    ) {
        switch flaw {
        case .swapsPushes:
            let held = state.withLock { state in
                defer { state.heldPush = state.heldPush == nil ? request : nil }
                return state.heldPush
            }
            guard let held else { return }
            inner.publish(request, to: group, confirmation: nil)
            inner.publish(held, to: group, confirmation: confirmation)
        case .alwaysRouted:
            inner.publish(request, to: group) { _ in confirmation?(.success(.routed)) }
        default:
            inner.publish(request, to: group, confirmation: confirmation)
        }
    }

    func announce(_ announcement: Announcement) { inner.announce(announcement) }

    func shutdown() async { await inner.shutdown() }
}

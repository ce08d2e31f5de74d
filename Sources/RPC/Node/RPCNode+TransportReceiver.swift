import Logging
import NIOCore
import Synchronization

extension RPCNode: TransportReceiver {
    /// How long replies of an incarnation that is proven gone may still arrive.
    private static var lastReplyGrace: TimeAmount { .milliseconds(500) }

    package func received(_ envelope: Envelope, on queue: QueueName) {
        switch envelope {
        case .reply(let reply, let id):
            complete(id, with: reply)
        case .request(let request) where GroupPush.isPush(request):
            receivedPush(request, on: queue)
        case .request(let request):
            guard let server = state.withLock({ $0.queues[queue] }) else {
                return answer(request, with: .failure(.withdrawn(InstanceID(queue.rawValue))))
            }
            server.receive(request) { [weak self] reply in self?.answer(request, with: reply) }
        }
    }

    package func returned(_ envelope: Envelope, from queue: QueueName) {
        switch envelope {
        case .request(let request):
            resend(request, returnedBy: queue)
        case .reply:
            // The caller is gone; nobody is left to tell.
            break
        }
    }

    package func received(_ announcement: Announcement) {
        guard announcement.node != id else { return }
        let (isNew, gone) = state.withLock { state in
            let isNew = state.view.peers[announcement.node] == nil && !announcement.isGoodbye
            return (isNew, state.view.apply(announcement, now: .now()))
        }
        // The newcomer learns of this node at once, not at the next beat.
        if isNew { announce() }
        guard !gone.isEmpty else { return }
        // The last replies travel by another queue than the goodbye, which may overtake them.
        eventLoop.scheduleTask(in: Self.lastReplyGrace) { [weak self] in self?.interrupt(callsAt: gone) }
    }

    /// Ends calls whose callee is proven gone.
    private func interrupt(callsAt queues: [QueueName]) {
        let calls = state.withLock { $0.calls.removeAll { queues.contains($0.target) } }
        for call in calls {
            call.completion(.failure(RPCError(.interrupted, "the process that held \(call.request.function) is gone")))
        }
    }

    private func answer(_ request: RPCRequest, with reply: RPCReply) {
        guard let queue = request.replyTo, let id = request.correlationID else { return }
        transport.send(.reply(reply, to: id), to: queue)
    }
}

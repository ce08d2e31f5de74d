import Logging
import NIOCore
import Synchronization

extension RPCNode: TransportReceiver {
    package func received(_ envelope: Envelope, on queue: QueueName) {
        switch envelope {
        case .reply(let reply, let id, let responder):
            if let responder, let load = responder.load {
                state.withLock { $0.view.note(load, of: responder.instance, now: .now()) }
            }
            complete(id, with: reply)
        case .request(let request):
            if queue == .everybodys { return receiveFromEverywhere(request) }
            guard let server = state.withLock({ $0.queues[queue] }) else {
                return answer(request, with: .failure(.withdrawn), from: nil)
            }
            server.receive(request) { [weak self] in self?.answer(request, with: $0, from: server) }
        }
    }

    package func returned(_ envelope: Envelope, from queue: QueueName) {
        switch envelope {
        case .request(let request):
            if let id = request.correlationID { return resend(id, returnedBy: queue) }
            state.withLock { $0.view.remove(queue: queue) }
            tellViewObservers()
            statistics.countLostCast()
        case .reply:
            // The caller is gone; nobody is left to tell.
            break
        }
    }

    package func refused(_ request: RPCRequest, _ error: RPCError) {
        guard let id = request.correlationID else { return statistics.countLostCast() }
        if error.code == .timeout { statistics.countTimeouts(1) }
        state.withLock { $0.calls.remove(id) }?.completion(.failure(error))
    }

    private func answer(_ request: RPCRequest, with reply: RPCReply, from server: RPCServer?) {
        guard let queue = request.replyTo, let id = request.correlationID else { return }
        transport.send(.reply(reply, to: id, from: server?.responder), to: queue)
    }
}

extension QueueName {
    /// What a request comes on that was sent to all nodes.
    package static let everybodys: QueueName = ""
}

import NIOCore
import Synchronization

extension RPCNode {
    /// Sends a call that no handler saw, or that may be handled twice, to another instance, or tells its caller.
    /// - Parameters:
    ///   - queue: what returned it; nil for a call that had no target yet.
    ///   - interrupted: its caller hears this unless another instance serves the function as idempotent.
    func resend(_ id: CorrelationID, returnedBy queue: QueueName?, interrupted: RPCError? = nil) {
        enum Next {
            case local(RPCServer, RPCRequest)
            case remote(QueueName, RPCRequest)
            case failed(PendingCall, RPCError)
            case nothing
        }
        let next: Next = state.withLock { state in
            if let queue { state.view.remove(queue: queue) }
            let call = state.calls.update(id) { call in
                if let queue { call.returnedBy.append(queue) }
                call.target = nil
                return call
            }
            guard let call else { return .nothing }
            do throws(RPCError) {
                guard let candidate = try state.routeOrWait(call.endpoint, excluding: call.returnedBy) else {
                    if let interrupted { throw interrupted }
                    state.park(id, call.endpoint)
                    return .nothing
                }
                if let interrupted, !candidate.instance.isIdempotent(call.request.function) { throw interrupted }
                let server = candidate.isLocal ? state.servers[candidate.instance.id] : nil
                var request = call.request
                request.replyTo = server == nil ? transport.replyQueue : nil
                _ = state.calls.update(id) { call in
                    call.target = candidate.instance.queue
                    call.since = clock.now
                    call.isLocal = server != nil
                }
                return server.map { .local($0, request) } ?? .remote(candidate.instance.queue, request)
            } catch {
                return state.calls.remove(id).map { .failed($0, interrupted ?? error) } ?? .nothing
            }
        }
        tellViewObservers()
        switch next {
        case .nothing:
            break
        case .failed(let call, let error):
            call.completion(.failure(error))
        case .local(let server, let request):
            statistics.countResent()
            server.receive(request) { [weak self] reply in self?.complete(id, with: reply) }
        case .remote(let queue, let request):
            statistics.countResent()
            transport.send(.request(request), to: queue)
        }
    }

    /// Ends calls whose callee is proven gone; those that never left, or may run twice, go to another instance.
    /// - Parameter end: calls that were sent later will come back by themselves.
    func interrupt(callsAt queues: [QueueName], sentBefore end: NIODeadline = .distantFuture) {
        let queues = Set(queues)
        let ids = state.withLock { state in
            var ids: Set<CorrelationID> = []
            state.calls.forEach { call in
                if let id = call.request.correlationID, let target = call.target, queues.contains(target),
                    call.since <= end
                {
                    ids.insert(id)
                }
            }
            return ids
        }
        guard !ids.isEmpty else { return }
        let unwritten = transport.takeBack(ids)
        for id in ids {
            let call = state.withLock { $0.calls.update(id) { ($0.target, $0.request.function) } }
            guard let (target, function) = call else { continue }
            let error = RPCError(.interrupted, "the process that held \(function) is gone")
            resend(id, returnedBy: target, interrupted: unwritten.contains(id) ? nil : error)
        }
    }

    /// Sends calls that waited for an instance to come back, in the order in which they were made.
    func resendParked() {
        let ids = state.withLock { state in
            defer { state.parked = [] }
            return state.parked
        }
        for id in ids { resend(id, returnedBy: nil) }
        guard state.withLock({ $0.parkedPushes.begin() }) else { return }
        while let id = state.withLock({ $0.nextParkedPush() }) { resend(id, returnedBy: nil) }
    }
}

extension RPCNode.State {
    /// The next push that has an owner to go to; nil: there is none, or it waits on.
    fileprivate mutating func nextParkedPush() -> CorrelationID? {
        while let id = parkedPushes.next() {
            guard let endpoint = calls.update(id, { $0.endpoint }) else { continue }
            do throws(RPCError) {
                if try routeOrWait(endpoint) != nil { return id }
            } catch {
                // It is told so.
                return id
            }
            parkedPushes.putBack(id)
            return nil
        }
        return nil
    }
}

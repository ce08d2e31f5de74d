package import NIOCore
import Synchronization

extension RPCNode {
    /// Calls a function; `completion` gets the reply, once, on any thread.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait; nil: the configured default. Zero or less times out at once.
    /// - Returns: what `cancel` takes; nil if the call ended at once.
    @discardableResult
    package func call(
        _ endpoint: Endpoint, _ request: RPCRequest, timeout: TimeAmount? = nil,
        completion: @escaping @Sendable (RPCReply) -> Void
    ) -> CorrelationID? {
        enum Start {
            case local(RPCServer, RPCRequest, CorrelationID, arm: NIODeadline?)
            case remote(QueueName, RPCRequest, CorrelationID, arm: NIODeadline?)
            case failed(RPCError)
        }
        let deadline = NIODeadline.now() + (timeout ?? configuration.defaultTimeout)
        let start: Start = state.withLock { state in
            guard !state.isShutDown else { return .failed(.nodeShutDown) }
            guard state.calls.count < configuration.maxCalls else {
                return .failed(RPCError(.overloaded, "too many calls are out", outcome: .notDelivered))
            }
            do throws(RPCError) {
                let candidate = try state.route(endpoint)
                var request = request
                request.deadline = deadline
                let server = candidate.isLocal ? state.servers[candidate.instance.id] : nil
                if server == nil { request.replyTo = transport.replyQueue }
                let queue = candidate.instance.queue
                let call = PendingCall(request: request, endpoint: endpoint, target: queue, completion: completion)
                let id = state.calls.insert(call, deadline: deadline)
                request.correlationID = id
                let arm = state.needsTimer(for: deadline)
                return server.map { .local($0, request, id, arm: arm) } ?? .remote(queue, request, id, arm: arm)
            } catch {
                return .failed(error)
            }
        }
        switch start {
        case .failed(let error):
            completion(.failure(error))
            return nil
        case .local(let server, let request, let id, let arm):
            if let arm { armTimer(for: arm) }
            server.receive(request) { [weak self] reply in self?.complete(id, with: reply) }
            return id
        case .remote(let queue, let request, let id, let arm):
            if let arm { armTimer(for: arm) }
            transport.send(.request(request), to: queue)
            return id
        }
    }

    /// Sends a request that nobody answers. Fire and forget: a cast that finds nobody is counted and dropped.
    ///
    /// - Throws: `RPCError` `notFound` if no live instance is known.
    package func cast(_ endpoint: Endpoint, _ request: RPCRequest, timeout: TimeAmount? = nil) throws(RPCError) {
        var request = request
        request.deadline = .now() + (timeout ?? configuration.defaultTimeout)
        let candidate: ClusterView.Candidate
        let server: RPCServer?
        do throws(RPCError) {
            (candidate, server) = try route(endpoint)
        } catch {
            statistics.countLostCast()
            throw error
        }
        if let server {
            server.receive(request) { _ in }
        } else {
            transport.send(.request(request), to: candidate.instance.queue)
        }
    }

    /// Ends a call that nobody waits for any more: `completion` gets `cancelled`; a reply that comes later is dropped.
    package func cancel(_ id: CorrelationID) {
        let call = state.withLock { $0.calls.remove(id) }
        call?.completion(.failure(RPCError(.cancelled, "the call was cancelled")))
    }

    /// Ends a call with its reply; late ones are counted and dropped.
    func complete(_ id: CorrelationID, with reply: RPCReply) {
        if case .failure(let error) = reply, error.code == .notFound, error.outcome == .notDelivered,
            let (request, target) = state.withLock({ $0.calls.update(id) { ($0.request, $0.target) } })
        {
            // The instance was withdrawn while the request was on its way: as if it had come back.
            var request = request
            request.correlationID = id
            return resend(request, returnedBy: target)
        }
        guard let call = state.withLock({ $0.calls.remove(id) }) else { return statistics.countLateReply() }
        call.completion(reply)
    }

    /// Ends a request that came back from a queue that is gone: it goes to another instance, or its caller is told.
    func resend(_ request: RPCRequest, returnedBy queue: QueueName) {
        guard let id = request.correlationID else {
            state.withLock { $0.view.remove(queue: queue) }
            return statistics.countLostCast()
        }
        let next: Result<(ClusterView.Candidate, RPCServer?), RPCError>? = state.withLock { state in
            state.view.remove(queue: queue)
            let call = state.calls.update(id) { call in
                call.returnedBy.append(queue)
                return call
            }
            guard let call else { return nil }
            return Result { () throws(RPCError) in
                let candidate = try state.route(call.endpoint, excluding: call.returnedBy)
                _ = state.calls.update(id) { $0.target = candidate.instance.queue }
                return (candidate, candidate.isLocal ? state.servers[candidate.instance.id] : nil)
            }
        }
        switch next {
        case nil:
            break
        case .failure(let error):
            state.withLock { $0.calls.remove(id) }?.completion(.failure(error))
        case .success((_, let server?)):
            statistics.countResent()
            server.receive(request) { [weak self] reply in self?.complete(id, with: reply) }
        case .success((let candidate, nil)):
            statistics.countResent()
            var request = request
            request.replyTo = transport.replyQueue
            transport.send(.request(request), to: candidate.instance.queue)
        }
    }

    private func route(_ endpoint: Endpoint) throws(RPCError) -> (ClusterView.Candidate, RPCServer?) {
        let result: Result<(ClusterView.Candidate, RPCServer?), RPCError> = state.withLock { state in
            Result { () throws(RPCError) in
                guard !state.isShutDown else { throw .nodeShutDown }
                let candidate = try state.route(endpoint)
                return (candidate, candidate.isLocal ? state.servers[candidate.instance.id] : nil)
            }
        }
        return try result.get()
    }
}

extension RPCNode.State {
    /// Chooses the instance that a call goes to.
    fileprivate func route(
        _ endpoint: Endpoint, excluding excluded: [QueueName] = []
    ) throws(RPCError) -> ClusterView.Candidate {
        try view.route(endpoint, excluding: excluded) { servers[$0]?.load.isFull ?? false }
    }
}

extension RPCError {
    fileprivate static let nodeShutDown = RPCError(.shuttingDown, "this node is shutting down")
}

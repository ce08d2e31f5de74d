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
            case parked(CorrelationID, arm: NIODeadline?)
            case failed(RPCError)
        }
        let now = clock.now
        let deadline = now + (timeout ?? configuration.defaultTimeout)
        let start: Start = state.withLock { state in
            guard !state.isShutDown else { return .failed(.nodeShutDown) }
            guard state.calls.count < configuration.maxCalls else {
                return .failed(RPCError(.overloaded, "too many calls are out", outcome: .notDelivered))
            }
            do throws(RPCError) {
                let candidate = try state.mustWait(endpoint) ? nil : state.routeOrWait(endpoint)
                var request = request
                request.deadline = deadline
                let server = candidate.flatMap { $0.isLocal ? state.servers[$0.instance.id] : nil }
                if server == nil { request.replyTo = transport.replyQueue }
                let id = state.calls.insert(deadline: deadline) { id in
                    request.correlationID = id
                    return PendingCall(
                        request: request, endpoint: endpoint, target: candidate?.instance.queue, since: now,
                        isLocal: server != nil, completion: completion)
                }
                let arm = state.needsTimer(for: deadline)
                guard let queue = candidate?.instance.queue else {
                    state.park(id, endpoint)
                    return .parked(id, arm: arm)
                }
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
        case .parked(let id, let arm):
            if let arm { armTimer(for: arm) }
            return id
        }
    }

    /// Sends a request that nobody answers. Fire and forget: a cast that finds nobody is counted and dropped.
    ///
    /// - Parameter ended: called once, on any thread, when an instance of this process is done with it, or when it is on
    ///   its way to another process.
    /// - Throws: `RPCError` `notFound` if no live instance is known; `ended` is not called then.
    package func cast(
        _ endpoint: Endpoint, _ request: RPCRequest, timeout: TimeAmount? = nil,
        ended: @escaping @Sendable () -> Void = {}
    ) throws(RPCError) {
        var request = request
        request.deadline = clock.now + (timeout ?? configuration.defaultTimeout)
        let candidate: ClusterView.Candidate
        let server: RPCServer?
        do throws(RPCError) {
            (candidate, server) = try route(endpoint)
        } catch {
            statistics.countLostCast()
            throw error
        }
        if let server {
            server.receive(request) { _ in ended() }
        } else {
            transport.send(.request(request), to: candidate.instance.queue)
            ended()
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
            let target = state.withLock({ $0.calls.update(id) { $0.target } })
        {
            // The instance was withdrawn while the request was on its way: as if it had come back.
            return resend(id, returnedBy: target)
        }
        guard let call = state.withLock({ $0.calls.remove(id) }) else { return statistics.countLateReply() }
        call.completion(reply)
    }

    /// The instance to which a call would go now.
    ///
    /// - Throws: `RPCError` `notFound` if there is none.
    package func pick(_ endpoint: Endpoint) throws(RPCError) -> InstanceID { try route(endpoint).0.instance.id }

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
    /// Whether a push to a group is behind others that wait.
    func mustWait(_ endpoint: Endpoint) -> Bool {
        if case .ownerOf = endpoint.kind { !parkedPushes.isEmpty } else { false }
    }

    mutating func park(_ id: CorrelationID, _ endpoint: Endpoint) {
        if case .ownerOf = endpoint.kind { parkedPushes.append(id) } else { parked.append(id) }
    }

    /// Chooses the instance that a call goes to.
    func route(_ endpoint: Endpoint, excluding excluded: [QueueName] = []) throws(RPCError) -> ClusterView.Candidate {
        // Captured alone: a closure that captured the state would copy all of it, for each call.
        try view.route(endpoint, excluding: excluded) { [servers] in servers[$0]?.load.isFull ?? false }
    }

    /// The same; nil: there is none, but one is expected back, and the call shall wait for it.
    func routeOrWait(
        _ endpoint: Endpoint, excluding excluded: [QueueName] = []
    ) throws(RPCError) -> ClusterView.Candidate? {
        do throws(RPCError) {
            return try route(endpoint, excluding: excluded)
        } catch {
            if view.members.expected.includes(endpoint, now: .now()) { return nil }
            throw error
        }
    }
}

extension RPCError {
    static let nodeShutDown = RPCError(.shuttingDown, "this node is shutting down")
}

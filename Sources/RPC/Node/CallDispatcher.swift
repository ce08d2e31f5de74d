import NIOCore
import Synchronization

/// Makes the calls of a node: does what `CallRouter` decides. A call to an instance of this process goes straight to
/// its `RPCServer`, all others go through the transport.
final class CallDispatcher: Sendable {
    private let core: NodeCore
    private let publisher: ViewPublisher

    init(_ core: NodeCore, _ publisher: ViewPublisher) {
        self.core = core
        self.publisher = publisher
    }

    // MARK: Calls and casts

    /// Calls a function; see `RPCNode.call`.
    func call(
        _ endpoint: Endpoint, _ request: RPCRequest, timeout: TimeAmount?,
        completion: @escaping @Sendable (RPCReply) -> Void
    ) -> CorrelationID? {
        let time = core.clock.reading
        let deadline = time.now + (timeout ?? core.configuration.defaultTimeout)
        let alarm = deadline + CallTable<PendingCall>.tick
        let (start, server, isArming) = core.state.withLock { state in
            let start = state.router.begin(
                endpoint, request, due: deadline, time, in: state.view,
                // Captured alone: a closure that captured the state would copy all of it, for each call.
                isFull: { [servers = state.instances.servers] in servers[$0]?.load.isFull ?? false },
                completion: completion)
            let isArming = start.id != nil && state.timer.fire(by: alarm)
            return (start, state.instances.server(for: start.dispatch), isArming)
        }
        if isArming { armTimer(for: alarm) }
        perform(start.dispatch, server)
        return start.id
    }

    /// Sends a request that nobody answers; see `RPCNode.cast`.
    func cast(
        _ endpoint: Endpoint, _ request: RPCRequest, timeout: TimeAmount?, ended: @escaping @Sendable () -> Void
    ) throws(RPCError) {
        var request = request
        request.deadline = core.clock.now + (timeout ?? core.configuration.defaultTimeout)
        let candidate: ClusterView.Candidate
        let server: RPCServer?
        do throws(RPCError) {
            (candidate, server) = try route(endpoint)
        } catch {
            core.statistics.countLostCast()
            throw error
        }
        if let server {
            server.receive(request) { _ in ended() }
        } else {
            core.transport.send(.request(request), to: candidate.instance.queue)
            ended()
        }
    }

    /// Sends a request that nobody answers to several instances.
    func cast(_ broadcast: Broadcast, _ request: RPCRequest) throws(RPCError) {
        var request = request
        request.deadline = core.clock.now + core.configuration.defaultTimeout
        let targets: [(queue: QueueName, server: RPCServer?)]
        do throws(RPCError) {
            targets = try core.state.withLock { (state) throws(RPCError) in
                try state.router.targets(of: broadcast, in: state.view).map { candidate in
                    let server = candidate.isLocal ? state.instances.servers[candidate.instance.id] : nil
                    return (candidate.instance.queue, server)
                }
            }
        } catch {
            core.statistics.countLostCast()
            throw error
        }
        for target in targets {
            if let server = target.server {
                server.receive(request) { _ in }
            } else {
                core.transport.send(.request(request), to: target.queue)
            }
        }
    }

    /// The instance to which a call would go now.
    func pick(_ endpoint: Endpoint) throws(RPCError) -> InstanceID { try route(endpoint).0.instance.id }

    private func route(_ endpoint: Endpoint) throws(RPCError) -> (ClusterView.Candidate, RPCServer?) {
        try core.state.withLock { (state) throws(RPCError) in
            let candidate = try state.router.route(endpoint, in: state.view) { [servers = state.instances.servers] in
                servers[$0]?.load.isFull ?? false
            }
            return (candidate, candidate.isLocal ? state.instances.servers[candidate.instance.id] : nil)
        }
    }

    // Inlined: a request is large, and would be copied.
    @inline(__always)
    private func perform(_ dispatch: CallDispatch, _ server: RPCServer?) {
        switch dispatch {
        case .local(_, let request):
            guard let id = request.correlationID else { return }
            guard let server else { return complete(id, with: .failure(.withdrawn)) }
            server.receive(request) { self.complete(id, with: $0) }
        case .remote(let queue, var request):
            request.replyTo = core.transport.replyQueue
            core.transport.send(.request(request), to: queue)
        case .failed(let error, let completion):
            completion(.failure(error))
        case .waits, .over: break
        }
    }

    // MARK: Ends

    /// Ends a call with its reply; late ones are counted and dropped.
    func complete(_ id: CorrelationID, with reply: RPCReply) {
        let (ended, queue) = core.state.withLock { $0.router.receive(reply, for: id) }
        if let ended { return ended.completion(reply) }
        if let queue { return returned(id, by: queue) }
        core.statistics.countLateReply()
    }

    /// Ends a call that nobody waits for any more.
    func cancel(_ id: CorrelationID) { end(id, RPCError(.cancelled, "the call was cancelled")) }

    /// Ends a call that was never written.
    func refused(_ id: CorrelationID, _ error: RPCError) {
        if error.code == .timeout { core.statistics.countTimeouts(1) }
        end(id, error)
    }

    private func end(_ id: CorrelationID, _ error: RPCError) {
        core.state.withLock { $0.router.end(id) }?.completion(.failure(error))
    }

    /// Ends the calls that were written to a connection which broke.
    func disconnected(unwritten: Set<CorrelationID>, isAffected: @Sendable (QueueName) -> Bool) {
        let lost = core.state.withLock { $0.router.disconnect(unwritten: unwritten, isAffected: isAffected) }
        for call in lost { call.disconnect() }
    }

    /// Takes no more calls.
    /// - Returns: those that are out, to be ended.
    func close() -> [PendingCall] {
        let (calls, timer) = core.state.withLock { ($0.router.shutDown(), $0.timer.stop()) }
        timer?.cancel()
        return calls
    }

    // MARK: Deadlines

    private func armTimer(for deadline: NIODeadline) {
        let timer = core.clock.schedule(at: deadline, on: core.eventLoop) { [weak self] in self?.expireCalls() }
        core.state.withLock { $0.timer.armed(timer, for: deadline) }?.cancel()
    }

    private func expireCalls() {
        let now = core.clock.now
        let (expired, next) = core.state.withLock { state in
            let (expired, next) = state.router.expire(now: now)
            state.timer.fired(next: next)
            return (expired, next)
        }
        if let next { armTimer(for: next) }
        core.statistics.countTimeouts(expired.count)
        // Requests that were never written are known to have done nothing.
        let out = Set(expired.lazy.filter { !$0.isLocal && $0.target != nil }.compactMap(\.request.correlationID))
        let unwritten = out.isEmpty ? [] : core.transport.takeBack(out)
        for call in expired {
            call.expire(isUnwritten: call.request.correlationID.map(unwritten.contains) ?? false)
        }
    }

    // MARK: Resending

    /// Sends a call to another instance that came back from a queue: its instance is gone.
    func returned(_ id: CorrelationID, by queue: QueueName) {
        resend { state, time in
            state.view.remove(queue: queue)
            return state.router.returned(id, by: queue, time, in: state.view, isFull: state.instances.isFull)
        }
    }

    /// Ends calls whose callee is proven gone, or sends them to another instance.
    /// - Parameter end: calls that were sent later will come back by themselves.
    func interrupt(callsAt queues: [QueueName], sentBefore end: NIODeadline = .distantFuture) {
        let queues = Set(queues)
        let ids = core.state.withLock { $0.router.calls(at: queues, sentBefore: end) }
        guard !ids.isEmpty else { return }
        let unwritten = core.transport.takeBack(ids)
        for id in ids {
            resend { state, time in
                if let target = state.router.target(of: id), queues.contains(target) {
                    state.view.remove(queue: target)
                }
                return state.router.interrupt(
                    id, at: queues, isUnwritten: unwritten.contains(id), time, in: state.view,
                    isFull: state.instances.isFull)
            }
        }
    }

    /// Sends calls that waited for an instance to come back, in the order in which they were made.
    func resendWaiting() {
        let (ids, arePushesLeaving) = core.state.withLock { $0.router.takeWaiting() }
        for id in ids {
            resend { state, time in
                state.router.retry(id, time, in: state.view, isFull: state.instances.isFull)
            }
        }
        guard arePushesLeaving else { return }
        while resend({ state, time in
            state.router.retryNextPush(time, in: state.view, isFull: state.instances.isFull)
        }) {}
    }

    /// Does what is decided of a call that has been out already.
    /// - Returns: false if nothing is.
    @discardableResult
    private func resend(_ decide: (inout NodeCore.State, NodeClock.Reading) -> CallDispatch?) -> Bool {
        let time = core.clock.reading
        let (dispatch, server): (CallDispatch?, RPCServer?) = core.state.withLock { state in
            let dispatch = decide(&state, time)
            return (dispatch, dispatch.flatMap { state.instances.server(for: $0) })
        }
        publisher.publish()
        guard let dispatch else { return false }
        if dispatch.isSent { core.statistics.countResent() }
        perform(dispatch, server)
        return true
    }

    /// Asks for the queues of callees that have had a call for long: nothing else tells that a process died with it.
    func probeSilentCallees() {
        let end = core.clock.now - core.timing.probeInterval
        let queues = core.state.withLock { state in
            // Calls wait on this side while the link is closed.
            state.link.isOpen ? state.router.callees(since: end) : []
        }
        for queue in queues { core.transport.probe(queue) }
    }
}

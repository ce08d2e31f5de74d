import NIOCore

/// The calls that a node has out: decides where each one goes, and when it ends. A pure value: its owner locks it, does
/// what it returns, and drives its clock.
///
/// One instance at a time has a call. A call that comes back unhandled goes to another instance. While there is none
/// and one is expected back, the call waits.
struct CallRouter {
    /// What a new call comes to.
    struct Start: Sendable {
        /// Names the call; nil if it has ended.
        var id: CorrelationID?
        var dispatch: CallDispatch
    }

    private let maximumCalls: Int
    private var calls: CallTable<PendingCall>
    private var waiting = WaitingCalls()
    /// Set by `shutDown`: there are no calls any more.
    private(set) var isShutDown = false

    /// - Parameter maximumCalls: how many may be out; further ones fail as `overloaded`.
    init(maximumCalls: Int, now: NIODeadline) {
        self.maximumCalls = maximumCalls
        calls = CallTable(now: now)
    }

    /// How many calls are out.
    var count: Int { calls.count }

    /// Whether pushes to groups wait: a later one must not overtake them.
    var hasWaitingPushes: Bool { waiting.hasPushes }

    // MARK: Beginning

    /// Takes a new call in.
    /// - Parameters:
    ///   - deadline: when it ends at the latest.
    ///   - isFull: whether an instance of this node is full at this moment.
    mutating func begin(
        _ endpoint: Endpoint, _ request: RPCRequest, due deadline: NIODeadline, _ time: NodeClock.Reading,
        in view: ClusterView, isFull: (InstanceID) -> Bool, completion: @escaping @Sendable (RPCReply) -> Void
    ) -> Start {
        guard !isShutDown else { return Start(dispatch: .failed(.nodeShutDown, completion)) }
        guard calls.count < maximumCalls else { return Start(dispatch: .failed(.tooManyCalls, completion)) }
        do throws(RPCError) {
            let mustWait = endpoint.isOwner && hasWaitingPushes
            let candidate = mustWait ? nil : try Self.routeOrWait(endpoint, [], time, view, isFull)
            var request = request
            request.deadline = deadline
            let id = calls.insert(deadline: deadline) { id in
                request.correlationID = id
                return PendingCall(
                    request: request, endpoint: endpoint, target: candidate?.instance.queue, since: time.now,
                    isLocal: candidate?.isLocal ?? false, completion: completion)
            }
            guard let candidate else { return Start(id: id, dispatch: wait(id, endpoint)) }
            return Start(id: id, dispatch: CallDispatch(request, to: candidate))
        } catch {
            return Start(dispatch: .failed(error, completion))
        }
    }

    /// Chooses the instance that gets a cast.
    /// - Throws: `RPCError` `notFound` if there is none.
    func route(
        _ endpoint: Endpoint, in view: ClusterView, isFull: (InstanceID) -> Bool
    ) throws(RPCError) -> ClusterView.Candidate {
        guard !isShutDown else { throw .nodeShutDown }
        return try view.route(endpoint, isFull: isFull)
    }

    /// Chooses the instances that get a cast for several.
    /// - Throws: `RPCError` `notFound` if there is none.
    func targets(of broadcast: Broadcast, in view: ClusterView) throws(RPCError) -> [ClusterView.Candidate] {
        guard !isShutDown else { throw .nodeShutDown }
        let targets = view.candidates(of: broadcast.type)
        guard !targets.isEmpty else { throw .serviceNotFound(broadcast.type) }
        return targets
    }

    // MARK: Ending

    /// Takes a reply in.
    /// - Returns: the call that it ends; or the queue that gave the call back, for its instance was withdrawn before it
    ///   handled the call. Neither: the reply is late, because the call has ended or waits for another instance.
    mutating func receive(_ reply: RPCReply, for id: CorrelationID) -> (ended: PendingCall?, returnedBy: QueueName?) {
        if case .failure(let error) = reply, error.code == .notFound, error.outcome == .notDelivered {
            return (nil, target(of: id))
        }
        return (calls.remove(id), nil)
    }

    /// Ends a call that nobody waits for any more, or that was never sent; nil if it has ended.
    mutating func end(_ id: CorrelationID) -> PendingCall? { calls.remove(id) }

    /// Ends the calls whose deadline has passed.
    /// - Returns: them, and when to look again.
    mutating func expire(now: NIODeadline) -> (expired: [PendingCall], next: NIODeadline?) {
        let expired = calls.expire(now: now)
        return (expired, calls.nextExpiry)
    }

    /// Ends the calls that were written to a connection which broke.
    /// - Parameters:
    ///   - unwritten: requests that were not written; they wait for the next connection.
    ///   - isAffected: whether the connection was the way to a queue.
    mutating func disconnect(
        unwritten: Set<CorrelationID>, isAffected: (QueueName) -> Bool
    ) -> [PendingCall] {
        calls.removeAll { call in
            guard !call.isLocal, let target = call.target, let id = call.request.correlationID else { return false }
            return isAffected(target) && !unwritten.contains(id)
        }
    }

    /// Ends all calls, and takes no more.
    mutating func shutDown() -> [PendingCall] {
        isShutDown = true
        return calls.removeAll { _ in true }
    }

    // MARK: Resending

    /// Sends a call to another instance that came back from a queue unhandled.
    mutating func returned(
        _ id: CorrelationID, by queue: QueueName, _ time: NodeClock.Reading, in view: ClusterView,
        isFull: (InstanceID) -> Bool
    ) -> CallDispatch {
        guard takeBack(id, from: [queue]) != nil else { return .over }
        return resend(id, time, view, isFull)
    }

    /// Ends a call whose callee is proven gone. It goes to another instance if it was never written, or if that serves
    /// the function as idempotent.
    /// - Parameter queues: the callee's; a call that another instance has by now stays there.
    mutating func interrupt(
        _ id: CorrelationID, at queues: Set<QueueName>, isUnwritten: Bool, _ time: NodeClock.Reading,
        in view: ClusterView, isFull: (InstanceID) -> Bool
    ) -> CallDispatch {
        guard let function = takeBack(id, from: queues) else { return .over }
        let error = RPCError(.interrupted, "the process that held \(function) is gone")
        return resend(id, interrupted: isUnwritten ? nil : error, time, view, isFull)
    }

    /// The queue that has a call; nil: none has.
    func target(of id: CorrelationID) -> QueueName? { calls.read(id) { $0.target } ?? nil }

    /// The calls that these queues have, of those that were sent in time.
    /// - Parameter end: calls that were sent later come back by themselves.
    func calls(at queues: Set<QueueName>, sentBefore end: NIODeadline) -> Set<CorrelationID> {
        var ids: Set<CorrelationID> = []
        calls.forEach { call in
            guard let id = call.request.correlationID, let target = call.target, queues.contains(target),
                call.since <= end
            else { return }
            ids.insert(id)
        }
        return ids
    }

    /// The queues of other nodes that have had a call since then.
    func callees(since end: NIODeadline) -> Set<QueueName> {
        var queues: Set<QueueName> = []
        calls.forEach { call in
            if !call.isLocal, call.since <= end, let target = call.target { queues.insert(target) }
        }
        return queues
    }

    /// Begins to look for instances for all calls that wait.
    /// - Returns: what to `retry`, in this order, and whether to `retryNextPush` until there is none.
    mutating func takeWaiting() -> (calls: [CorrelationID], pushes: Bool) {
        (waiting.takeCalls(), waiting.beginPushes())
    }

    /// Looks for an instance for a call that waits.
    mutating func retry(
        _ id: CorrelationID, _ time: NodeClock.Reading, in view: ClusterView, isFull: (InstanceID) -> Bool
    ) -> CallDispatch {
        guard calls.read(id, { $0.target == nil }) == true else { return .over }
        return resend(id, time, view, isFull)
    }

    /// Sends the first of the pushes that wait to the owner of its group; nil: there is none, or it waits on.
    mutating func retryNextPush(
        _ time: NodeClock.Reading, in view: ClusterView, isFull: (InstanceID) -> Bool
    ) -> CallDispatch? {
        while let id = waiting.nextPush() {
            let known = calls.read(id) { ($0.endpoint, $0.returnedBy, isWaiting: $0.target == nil) }
            guard let (endpoint, excluded, isWaiting) = known, isWaiting else { continue }
            do throws(RPCError) {
                guard let owner = try Self.routeOrWait(endpoint, excluded, time, view, isFull) else {
                    waiting.putBack(id)
                    return nil
                }
                return give(id, to: owner, time)
            } catch {
                return fail(id, error)
            }
        }
        return nil
    }

    /// Takes a call from the instance that had it.
    /// - Returns: its function; nil if the call has ended, or none of these queues has it.
    private mutating func takeBack(_ id: CorrelationID, from queues: Set<QueueName>) -> String? {
        let function: String?? = calls.update(id) { call in
            guard let target = call.target, queues.contains(target) else { return nil }
            call.returnedBy.append(target)
            call.target = nil
            return call.request.function
        }
        return function ?? nil
    }

    private mutating func resend(
        _ id: CorrelationID, interrupted: RPCError? = nil, _ time: NodeClock.Reading, _ view: ClusterView,
        _ isFull: (InstanceID) -> Bool
    ) -> CallDispatch {
        let known = calls.read(id) { ($0.endpoint, $0.returnedBy, $0.request.function) }
        guard let (endpoint, excluded, function) = known else { return .over }
        do throws(RPCError) {
            guard let candidate = try Self.routeOrWait(endpoint, excluded, time, view, isFull) else {
                if let interrupted { throw interrupted }
                return wait(id, endpoint)
            }
            if let interrupted, !candidate.instance.isIdempotent(function) { throw interrupted }
            return give(id, to: candidate, time)
        } catch {
            return fail(id, interrupted ?? error)
        }
    }

    private mutating func give(
        _ id: CorrelationID, to candidate: ClusterView.Candidate, _ time: NodeClock.Reading
    ) -> CallDispatch {
        let request = calls.update(id) { call in
            call.target = candidate.instance.queue
            call.since = time.now
            call.isLocal = candidate.isLocal
            return call.request
        }
        return request.map { CallDispatch($0, to: candidate) } ?? .over
    }

    private mutating func fail(_ id: CorrelationID, _ error: RPCError) -> CallDispatch {
        calls.remove(id).map { .failed(error, $0.completion) } ?? .over
    }

    private mutating func wait(_ id: CorrelationID, _ endpoint: Endpoint) -> CallDispatch {
        waiting.append(id, isPush: endpoint.isOwner)
        return .waits
    }

    /// Chooses the instance that a call goes to; nil: there is none, but one is expected back, and the call shall wait
    /// for it.
    private static func routeOrWait(
        _ endpoint: Endpoint, _ excluded: [QueueName], _ time: NodeClock.Reading, _ view: ClusterView,
        _ isFull: (InstanceID) -> Bool
    ) throws(RPCError) -> ClusterView.Candidate? {
        do throws(RPCError) {
            return try view.route(endpoint, excluding: excluded, isFull: isFull)
        } catch {
            if view.members.expected.includes(endpoint, now: time.system) { return nil }
            throw error
        }
    }
}

extension Endpoint {
    /// Whether this is the owner of a group: what goes there is a push.
    fileprivate var isOwner: Bool {
        if case .ownerOf = kind { true } else { false }
    }
}

extension RPCError {
    static let nodeShutDown = RPCError(.shuttingDown, "this node is shutting down")
    fileprivate static let tooManyCalls = RPCError(.overloaded, "too many calls are out", outcome: .notDelivered)
}

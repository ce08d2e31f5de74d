import FoundationEssentials
import Logging
import NIOCore
import Synchronization

/// Pushes to groups, for one node: does what `GroupTraffic` decides, one thing at a time and in order.
final class GroupService: Sendable {
    private struct State {
        var traffic: GroupTraffic
        var isDraining = false
        var isSweeping = false
        /// Counts sweeps: every tenth ends a round.
        var sweeps = 0
    }

    private static var sweepInterval: TimeAmount { .milliseconds(100) }
    /// How long a delivery may wait in the queue of a Gate: what a Gate that hangs does not read does not pile up at the broker.
    private static var deliveryTime: TimeAmount { .seconds(10) }

    private let transport: any Transport
    private let eventLoop: any EventLoop
    private let clock: NodeClock
    private let statistics: RPCClientStatistics
    private let logger: Logger
    private let state: Mutex<State>

    init(
        node: NodeID, transport: any Transport, eventLoop: any EventLoop, clock: NodeClock,
        statistics: RPCClientStatistics, logger: Logger
    ) {
        self.transport = transport
        self.eventLoop = eventLoop
        self.clock = clock
        self.statistics = statistics
        self.logger = logger
        state = Mutex(State(traffic: GroupTraffic(node: node)))
    }

    /// Changes what is known, and does what follows. What others began to do they do first.
    private func act<Result: Sendable>(_ body: (inout GroupTraffic) -> Result) -> Result {
        let (result, isMine, sweeps) = state.withLock { state in
            let result = body(&state.traffic)
            let isMine = !state.isDraining && !state.traffic.actions.isEmpty
            if isMine { state.isDraining = true }
            let sweeps = !state.isSweeping && state.traffic.isWaiting
            if sweeps { state.isSweeping = true }
            return (result, isMine, sweeps)
        }
        if sweeps { scheduleSweep() }
        if isMine { drain() }
        return result
    }

    private func drain() {
        while true {
            let actions: [GroupTraffic.Action] = state.withLock { state in
                let actions = state.traffic.takeActions()
                if actions.isEmpty { state.isDraining = false }
                return actions
            }
            guard !actions.isEmpty else { return }
            for action in actions { perform(action) }
        }
    }

    private func perform(_ action: GroupTraffic.Action) {
        switch action {
        case .deliver(let push, let receiver): receiver.push(push)
        case .run(let body): body()
        case .cast(let request, let queue): transport.send(.request(request), to: queue)
        case .send(var request, let queue, let confirmation):
            if case .delivery = confirmation { request.deadline = clock.now + Self.deliveryTime }
            transport.send(request, to: queue) { [weak self] outcome in
                guard let self else { return }
                act { $0.ended(confirmation, outcome, now: clock.now) }
            }
        case .dropped(let count, let gates, let owner):
            statistics.countDroppedDeliveries(count)
            for gate in gates {
                logger.warning(
                    "pushes are given up: too many wait for a Gate that does not take them",
                    metadata: ["gate": "\(gate)", "owner": "\(owner)"])
            }
        }
    }

    private func scheduleSweep() {
        eventLoop.scheduleTask(in: Self.sweepInterval) { [weak self] in self?.sweep() }
    }

    private func sweep() {
        let isRound = state.withLock { state in
            state.isSweeping = false
            state.sweeps += 1
            return state.sweeps % 10 == 0
        }
        act { $0.sweep(now: clock.now, isRound: isRound) }
    }

    // MARK: What the node tells

    func add(
        _ id: IncarnationID, _ ownerType: ModuleType?, at address: QueueAddress,
        receiver: GroupReceiver?
    ) {
        act { $0.add(id, ownerType, at: address, receiver: receiver) }
    }

    func remove(_ instance: InstanceID) { act { $0.remove(instance, now: clock.now) } }

    func viewChanged(_ view: ClusterView) { act { $0.update(view, now: clock.now) } }

    func reconnected(_ addresses: [InstanceID: QueueAddress], _ view: ClusterView) {
        act { $0.reconnected(addresses, view, now: clock.now) }
    }

    // MARK: Groups

    func subscribe(_ gate: InstanceID, to group: GroupName, completion: @escaping GroupSubscribers.Joined) {
        act { $0.subscribe(gate, to: group, now: clock.now, completion: completion) }
    }

    func unsubscribe(_ gate: InstanceID, from group: GroupName) {
        act { $0.unsubscribe(gate, from: group, now: clock.now) }
    }

    // MARK: Users

    /// A session of a Gate of this node asks for a user.
    func bind(
        _ session: SessionID, at gate: InstanceID, to group: GroupName, policy: LoginPolicy,
        completion: @escaping GroupSubscribers.Bound
    ) {
        // Where nobody is left who knows which login came first, clocks say it.
        let milliseconds = UInt64(max(0, Date().timeIntervalSince1970 * 1000))
        let claim = UserClaim(session: session, counter: milliseconds)
        act { $0.bind(claim, at: gate, to: group, policy: policy, now: clock.now, completion: completion) }
    }

    func release(_ session: SessionID, at gate: InstanceID, from group: GroupName) {
        act { $0.release(session, at: gate, from: group, now: clock.now) }
    }

    // MARK: Pushing

    /// Pushes as the owner of the group, an instance of this node.
    func push(_ push: GroupPush, as owner: InstanceID, completion: GroupOwners.Pushed?) {
        act { $0.push(push, as: owner, now: clock.now, completion: completion) }
    }

    /// Takes a Gate's word in, or what an owner has sent.
    /// - Returns: false if the request is neither.
    func receive(_ request: RPCRequest, for instance: InstanceID) -> Bool {
        if request.function.hasSameBytes(as: GroupDelivery.function) {
            if let delivery = GroupDelivery(request) { act { $0.receive(delivery, at: instance, now: clock.now) } }
            return true
        }
        if request.function.hasSameBytes(as: SubscriptionAnswer.function) {
            if let answer = SubscriptionAnswer(request) { act { $0.receive(answer, at: instance, now: clock.now) } }
            return true
        }
        guard request.function.hasSameBytes(as: SubscriptionRequest.function) else { return false }
        if let message = SubscriptionRequest(request) {
            act { $0.receive(message, at: instance, now: clock.now) }
        }
        return true
    }
}

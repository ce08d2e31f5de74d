import Mqant
import Synchronization

/// Subscribes the Gate to a group while it has members: from the first one until the last is gone. The groups of users, of
/// whom one session each is left, are subscribed to by asking for the user.
final class GroupDirectory: Sendable {
    typealias Completion = @Sendable (Result<GroupHold, RPCError>) -> Void

    private enum Phase {
        case subscribing
        case subscribed
        case ending
    }

    private struct Entry {
        var members = 0
        var phase = Phase.subscribing
        var waiting: [Completion] = []
    }

    private struct State {
        var entries: [GroupName: Entry] = [:]
        /// How many sessions have each user, or ask for it.
        var users: [GroupName: Int] = [:]
    }

    private let state = Mutex(State())
    private let isClosed = Atomic(false)
    private let node: RPCNode
    private let gate: InstanceID

    init(node: RPCNode, gate: InstanceID) {
        self.node = node
        self.gate = gate
    }

    /// How many groups have members here, or begin or end to.
    var count: Int { state.withLock { $0.entries.count + $0.users.count } }

    /// Adds a member once the Gate is subscribed. The member is there for as long as the hold is kept.
    func hold(_ group: GroupName) async throws(RPCError) -> GroupHold {
        let result: Result<GroupHold, RPCError> = await withCheckedContinuation { continuation in
            hold(group) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// The same; `completion` is called once the Gate is subscribed, or could not be and the member is not counted.
    func hold(_ group: GroupName, completion: @escaping Completion) {
        enum Step {
            case done
            case subscribe
            case wait
        }
        let step: Step = state.withLock { state in
            guard var entry = state.entries[group] else {
                state.entries[group] = Entry(members: 1, waiting: [completion])
                return .subscribe
            }
            entry.members += 1
            defer { state.entries[group] = entry }
            if entry.phase == .subscribed { return .done }
            entry.waiting.append(completion)
            return .wait
        }
        switch step {
        case .done: completion(.success(hold(of: group)))
        case .subscribe: subscribe(group)
        case .wait: break
        }
    }

    /// Removes a member that `hold` added.
    private func release(_ group: GroupName) {
        let isLast = state.withLock { state in
            guard var entry = state.entries[group] else { return false }
            entry.members -= 1
            let isLast = entry.members == 0 && entry.phase == .subscribed
            if isLast { entry.phase = .ending }
            state.entries[group] = entry
            return isLast
        }
        if isLast { endSubscription(group) }
    }

    /// From now on no subscription is ended: the Gate goes, and all of them with it.
    func close() { isClosed.store(true, ordering: .relaxed) }

    private func subscribe(_ group: GroupName) {
        node.subscribe(gate, to: group) { [weak self] result in self?.didSubscribe(group, result) }
    }

    private func didSubscribe(_ group: GroupName, _ result: Result<Void, RPCError>) {
        let waiting: [Completion] = state.withLock { state in
            let waiting = state.entries[group]?.waiting ?? []
            switch result {
            case .success:
                state.entries[group]?.waiting = []
                state.entries[group]?.phase = .subscribed
            case .failure:
                // Those who waited are told, and are no members.
                state.entries[group] = nil
            }
            return waiting
        }
        for completion in waiting { completion(result.map { hold(of: group) }) }
    }

    private func hold(of group: GroupName) -> GroupHold { GroupHold(group) { [self] in release(group) } }

    private func endSubscription(_ group: GroupName) {
        guard !isClosed.load(ordering: .relaxed) else { return didEnd(group) }
        node.unsubscribe(gate, from: group)
        didEnd(group)
    }

    private func didEnd(_ group: GroupName) {
        let mustSubscribe = state.withLock { state in
            guard let entry = state.entries[group], entry.members > 0 else {
                state.entries[group] = nil
                return false
            }
            state.entries[group]?.phase = .subscribing
            return true
        }
        if mustSubscribe { subscribe(group) }
    }

    // MARK: Users

    /// Asks for a user for a session. The session has the user for as long as the hold is kept, or until it is superseded.
    /// - Returns: nil if another session of the user stays.
    func bind(
        _ session: SessionID, to group: GroupName, policy: LoginPolicy
    ) async throws(RPCError) -> GroupHold? {
        state.withLock { $0.users[group, default: 0] += 1 }
        let result: Result<BindOutcome, RPCError> = await withCheckedContinuation { continuation in
            node.bind(session, at: gate, to: group, policy: policy) { continuation.resume(returning: $0) }
        }
        switch result {
        case .success(.bound): return GroupHold(group) { [self] in release(session, from: group) }
        case .success(.refused):
            didRelease(group)
            return nil
        case .failure(let error):
            didRelease(group)
            throw error
        }
    }

    private func release(_ session: SessionID, from group: GroupName) {
        if !isClosed.load(ordering: .relaxed) { node.release(session, at: gate, from: group) }
        didRelease(group)
    }

    private func didRelease(_ group: GroupName) {
        state.withLock { state in
            guard let count = state.users[group] else { return }
            state.users[group] = count > 1 ? count - 1 : nil
        }
    }
}

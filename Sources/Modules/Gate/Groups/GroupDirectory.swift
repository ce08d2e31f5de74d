import Mqant
import Synchronization

/// Subscribes the Gate to a group while it has members: from the first one until the last is gone.
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

    private let entries = Mutex<[GroupName: Entry]>([:])
    private let isClosed = Atomic(false)
    private let node: RPCNode
    private let gate: InstanceID

    init(node: RPCNode, gate: InstanceID) {
        self.node = node
        self.gate = gate
    }

    /// How many groups have members here, or begin or end to.
    var count: Int { entries.withLock { $0.count } }

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
        let step: Step = entries.withLock { entries in
            guard var entry = entries[group] else {
                entries[group] = Entry(members: 1, waiting: [completion])
                return .subscribe
            }
            entry.members += 1
            defer { entries[group] = entry }
            if entry.phase == .subscribed { return .done }
            entry.waiting.append(completion)
            return .wait
        }
        switch step {
        case .done: completion(.success(GroupHold(group, self)))
        case .subscribe: subscribe(group)
        case .wait: break
        }
    }

    /// Removes a member that `hold` added.
    fileprivate func release(_ group: GroupName) {
        let isLast = entries.withLock { entries in
            guard var entry = entries[group] else { return false }
            entry.members -= 1
            let isLast = entry.members == 0 && entry.phase == .subscribed
            if isLast { entry.phase = .ending }
            entries[group] = entry
            return isLast
        }
        if isLast { endSubscription(group) }
    }

    /// From now on no subscription is ended: the Gate goes, and all of them with it.
    func close() { isClosed.store(true, ordering: .relaxed) }

    private func subscribe(_ group: GroupName) {
        node.bind(gate, to: group) { [weak self] result in self?.didSubscribe(group, result) }
    }

    private func didSubscribe(_ group: GroupName, _ result: Result<Void, RPCError>) {
        let waiting: [Completion] = entries.withLock { entries in
            let waiting = entries[group]?.waiting ?? []
            switch result {
            case .success:
                entries[group]?.waiting = []
                entries[group]?.phase = .subscribed
            case .failure:
                // Those who waited are told, and are no members.
                entries[group] = nil
            }
            return waiting
        }
        for completion in waiting { completion(result.map { GroupHold(group, self) }) }
    }

    private func endSubscription(_ group: GroupName) {
        guard !isClosed.load(ordering: .relaxed) else { return didEnd(group) }
        node.unbind(gate, from: group)
        didEnd(group)
    }

    private func didEnd(_ group: GroupName) {
        let mustSubscribe = entries.withLock { entries in
            guard let entry = entries[group], entry.members > 0 else {
                entries[group] = nil
                return false
            }
            entries[group]?.phase = .subscribing
            return true
        }
        if mustSubscribe { subscribe(group) }
    }
}

/// One member's part in the Gate's subscription to a group: the last that is given up ends it.
///
/// Its end gives it back, so whatever way out an operation takes, no subscription stays for a member that is not there.
final class GroupHold: Sendable {
    let group: GroupName
    private let directory: GroupDirectory

    fileprivate init(_ group: GroupName, _ directory: GroupDirectory) {
        self.group = group
        self.directory = directory
    }

    deinit { directory.release(group) }
}

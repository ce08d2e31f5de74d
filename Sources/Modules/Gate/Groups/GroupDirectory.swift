import Mqant
import Synchronization

/// Binds the Gate to a group while it has members: the first binds, the last unbinds.
final class GroupDirectory: Sendable {
    typealias Completion = @Sendable (Result<Void, RPCError>) -> Void

    private enum Phase {
        case binding
        case bound
        case unbinding
    }

    private struct Entry {
        var members = 0
        var phase = Phase.binding
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

    /// How many groups have members here, or are being bound or unbound.
    var count: Int { entries.withLock { $0.count } }

    /// Adds a member; `completion` is called once the Gate is bound, or could not be and the member is not counted.
    func retain(_ group: GroupName, completion: @escaping Completion) {
        enum Step {
            case done
            case bind
            case wait
        }
        let step: Step = entries.withLock { entries in
            guard var entry = entries[group] else {
                entries[group] = Entry(members: 1, waiting: [completion])
                return .bind
            }
            entry.members += 1
            defer { entries[group] = entry }
            if entry.phase == .bound { return .done }
            entry.waiting.append(completion)
            return .wait
        }
        switch step {
        case .done: completion(.success(()))
        case .bind: bind(group)
        case .wait: break
        }
    }

    /// Removes a member that `retain` added.
    func release(_ group: GroupName) {
        let isLast = entries.withLock { entries in
            guard var entry = entries[group] else { return false }
            entry.members -= 1
            let isLast = entry.members == 0 && entry.phase == .bound
            if isLast { entry.phase = .unbinding }
            entries[group] = entry
            return isLast
        }
        if isLast { unbind(group) }
    }

    /// From now on nothing is unbound: the Gate's queue goes, and all its bindings with it.
    func close() { isClosed.store(true, ordering: .relaxed) }

    private func bind(_ group: GroupName) {
        node.bind(gate, to: group) { [weak self] result in self?.didBind(group, result) }
    }

    private func didBind(_ group: GroupName, _ result: Result<Void, RPCError>) {
        let (waiting, isEmpty) = entries.withLock { entries in
            guard var entry = entries[group] else { return ([Completion](), false) }
            defer { entry.waiting = [] }
            if case .failure = result {
                // Those who waited are told, and are no members.
                entries[group] = nil
                return (entry.waiting, false)
            }
            let isEmpty = entry.members == 0
            let waiting = entry.waiting
            entry.waiting = []
            entry.phase = isEmpty ? .unbinding : .bound
            entries[group] = entry
            return (waiting, isEmpty)
        }
        for completion in waiting { completion(result) }
        if isEmpty { unbind(group) }
    }

    private func unbind(_ group: GroupName) {
        guard !isClosed.load(ordering: .relaxed) else { return didUnbind(group) }
        node.unbind(gate, from: group) { [weak self] _ in self?.didUnbind(group) }
    }

    /// Whatever became of it: a binding that is left over brings pushes that nobody gets.
    private func didUnbind(_ group: GroupName) {
        let mustBind = entries.withLock { entries in
            guard let entry = entries[group], entry.members > 0 else {
                entries[group] = nil
                return false
            }
            entries[group]?.phase = .binding
            return true
        }
        if mustBind { bind(group) }
    }
}

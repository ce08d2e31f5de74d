import NIOCore

/// What an owner decides of users: `UserArbiter`, by what the Gates have said.
extension GroupOwner {
    /// Verdicts for one Gate.
    struct Verdicts: Hashable, Sendable {
        var receiver: IncarnationID
        var address: QueueAddress
        /// The number of the Gate's last message that was taken in before.
        var taken: UInt64
        var verdicts: [UserVerdict]
    }

    /// Decides what can be decided by now.
    mutating func takeVerdicts(_ now: NIODeadline) -> [Verdicts] {
        guard arbiter.hasNews else { return [] }
        var result: [Verdicts] = []
        // Gates mostly have one view, and are asked one after the other for each group.
        var last: (group: GroupName, view: OwnershipView, responsible: (owner: InstanceID?, heir: InstanceID?))?
        let verdicts = arbiter.decide(now, gates: Array(gates.keys)) { [gates, instance] id, group in
            guard let gate = gates[id], let view = gate.view else { return .namesAnother }
            let responsible =
                if let last, last.view == view, last.group == group {
                    last.responsible
                } else {
                    view.ownerAndHeir(of: group.key)
                }
            last = (group, view, responsible)
            if gate.isAway, responsible.owner == instance || responsible.heir == instance { return .isAway }
            return !gate.isAway && responsible.owner == instance ? .namesOwner : .namesAnother
        }
        for (id, verdict) in verdicts {
            if let index = result.firstIndex(where: { $0.receiver == id }) {
                result[index].verdicts.append(verdict)
            } else if let gate = gates[id] {
                result.append(Verdicts(receiver: id, address: gate.address, taken: gate.taken, verdicts: [verdict]))
            }
        }
        return result
    }
}

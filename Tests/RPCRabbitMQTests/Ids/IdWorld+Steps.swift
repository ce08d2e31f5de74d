@testable import MqantRPCRabbitMQ

/// What can happen next.
extension IdWorld {
    enum Step: Hashable {
        case event(line: Int)
        case consume(Int)
        case takeLock(Int)
        case ask(Int)
        /// It has asked, and nobody answered.
        case silence(Int)
        /// A process on standby takes a holder for gone that does not answer.
        case forget(Int, holder: Int)
        /// The broker gives up a connection that is over, or that of a stopped process.
        case notice
    }

    var steps: [Step] {
        var steps: [Step] = []
        for (line, events) in script.enumerated() {
            if let event = events.first, isPossible(event) { steps.append(.event(line: line)) }
        }
        if let lock, isBrokerAlive[lock.broker], isOver(lock) { steps.append(.notice) }
        for (index, process) in processes.enumerated() where process.isReachable {
            if !process.inbox.isEmpty { steps.append(.consume(index)) }
            if process.hold.phase == .standby {
                for holder in process.known.keys.sorted() where process.inbox.isEmpty && !processes[holder].isReachable
                {
                    steps.append(.forget(index, holder: holder))
                }
                guard process.known.isEmpty, flaw != .standsByForEver else { continue }
            }
            if lock == nil, !process.hold.hasLock { steps.append(.takeLock(index)) }
            if process.hold.phase != .serving || process.hold.isReturning, !process.isAsking {
                steps.append(.ask(index))
            }
            if process.isAsking, process.answers.isEmpty, isAnswered(index) { steps.append(.silence(index)) }
        }
        return steps
    }

    mutating func take(_ step: Step) {
        switch step {
        case .event(let line): happen(script[line].removeFirst())
        case .consume(let process): consume(process)
        case .takeLock(let process): takeLock(process)
        case .ask(let process): ask(process)
        case .silence(let process): endSilence(process)
        case .forget(let process, let holder): processes[process].known[holder] = nil
        case .notice:
            if let lock, processes[lock.owner].connection == lock.connection, processes[lock.owner].isStopped {
                happen(.loses(lock.owner))
            }
            lock = nil
        }
    }

    /// Whether the process that owned the lock has no use of it any more, or is stopped.
    private func isOver(_ lock: Lock) -> Bool {
        let owner = processes[lock.owner]
        return !owner.isAlive || !owner.isConnected || owner.connection != lock.connection || owner.isStopped
    }

    /// Whether all who can answer a question have, and the process has read their answers.
    private func isAnswered(_ process: Int) -> Bool {
        let one = processes[process]
        // A free lock is taken sooner than silence is believed in.
        guard one.hold.hasLock || (lock != nil && flaw != .trustsTheLockAlone) else { return false }
        if flaw == .waitsForNoAnswer { return true }
        // Who begins to serve while this one asks may be heard too late.
        guard one.inbox.isEmpty || !isPunctual else { return false }
        return one.awaited.allSatisfy { other in
            guard processes[other].isReachable else { return true }
            let isUnread = one.inbox.contains { if case .claim(other, _) = $0 { true } else { false } }
            return !isUnread && !processes[other].inbox.contains(.question(process))
        }
    }

    private func isPossible(_ event: IdModel.Event) -> Bool {
        switch event {
        case .starts(let process, let broker): !processes[process].isAlive && isBrokerAlive[broker]
        case .crashes(let process): processes[process].hold.phase != .starting
        case .loses(let process): processes[process].isReachable && processes[process].hold.phase != .starting
        case .stops(let process): processes[process].isReachable && processes[process].hold.phase != .starting
        case .continues(let process): processes[process].isStopped
        case .reconnects(let process, let broker):
            processes[process].isAlive && !processes[process].isStopped && !processes[process].isConnected
                && isBrokerAlive[broker]
        case .brokerDies, .brokerReturns: true
        }
    }
}

extension IdWorld {
    /// What is wrong when nothing more can happen.
    var fault: String? {
        let present = processes.indices.filter { processes[$0].isReachable }
        let serving = present.filter { processes[$0].hold.phase == .serving }
        if let starting = present.first(where: { processes[$0].hold.phase == .starting }) {
            return "\(starting) is neither refused nor serves"
        }
        if !present.isEmpty, serving.count != 1 { return "\(serving) serve, of \(present)" }
        for process in serving {
            let successors = processes[process].successors.filter {
                processes[$0].isReachable && !processes[$0].wasDisturbed
            }
            if !successors.isEmpty { return "\(process) did not give way to \(successors)" }
            if processes[process].hold.isReturning { return "\(process) never ceases to return" }
        }
        if let lock, present.contains(lock.owner), processes[lock.owner].connection == lock.connection,
            !serving.contains(lock.owner)
        {
            return "\(lock.owner) has the lock, and does not serve"
        }
        return nil
    }
}

package import NIOCore
import Synchronization

extension RPCNode {
    package func connectionChanged(_ change: ConnectionChange) {
        switch change {
        case .broke(let unwritten, let isAffected): connectionBroke(unwritten, isAffected)
        case .opened(let names): connectionOpened(names)
        case .standby(let id, let isStandby):
            state.withLock { $0.view.setStandby(isStandby, id) }
            announce()
        case .stalled(let isStalled):
            state.withLock { state in
                state.judgesSilence = !isStalled
                if !isStalled { state.view.change { $0.forgiveSilence() } }
            }
        }
        tellViewObservers()
    }

    /// Nobody can be heard: nobody is taken for unreachable, and those who were live are expected back.
    private func connectionBroke(_ unwritten: Set<CorrelationID>, _ isAffected: @Sendable (QueueName) -> Bool) {
        let lost = state.withLock { state in
            state.judgesSilence = false
            for peer in state.view.peers.values {
                let affected = peer.instances.filter { isAffected($0.queue) }
                let isReachable = peer.reachability == .reachable
                state.view.change {
                    $0.expected.expect(live: isReachable ? affected : [], unreachable: isReachable ? [] : affected)
                }
            }
            state.view.change { $0.connectionLost() }
            return state.calls.removeAll { call in
                guard !call.isLocal, let target = call.target, let id = call.request.correlationID else { return false }
                return isAffected(target) && !unwritten.contains(id)
            }
        }
        for call in lost {
            let text = "the connection to the broker was lost while \(call.request.function) was out"
            call.completion(.failure(RPCError(.disconnected, text)))
        }
    }

    private func connectionOpened(_ names: [QueueName: QueueName]) {
        let (addresses, view) = state.withLock { state in
            if state.pendingServes > 0 { state.renamed.merge(names) { $1 } }
            for (old, new) in names {
                if let server = state.queues.removeValue(forKey: old) { state.queues[new] = server }
            }
            state.generation += 1
            let addresses = state.view.renameLocal(names, generation: state.generation)
            state.view.change { $0.expected.connectionReturned(now: .now()) }
            state.judgesSilence = true
            return (addresses, state.view)
        }
        groups.reconnected(addresses, view)
        tellViewObservers()
        announce()
        // What others have told meanwhile was missed.
        transport.ask()
        // Until then parked calls wait for those who have not come back.
        eventLoop.scheduleTask(in: timing.reconnectPatience + .milliseconds(10)) { [weak self] in
            self?.resendParked()
        }
    }

    /// Asks for the queues of callees that have had a call for long: nothing else tells that a process died with it.
    func probeSilentCallees() {
        let end = clock.now - timing.probeInterval
        let queues = state.withLock { state in
            var queues: Set<QueueName> = []
            // Then calls wait on this side.
            guard state.judgesSilence else { return queues }
            state.calls.forEach { call in
                if !call.isLocal, call.since <= end, let target = call.target { queues.insert(target) }
            }
            return queues
        }
        for queue in queues { transport.probe(queue) }
    }

    package func vanished(_ queue: QueueName, probedAt: NIODeadline) {
        let (proof, isLeaving) = state.withLock { state in
            let proof = state.view.members.proof(by: queue)
            if let proof { state.view.apply(proof, now: .now()) }
            state.view.remove(queue: queue)
            return (proof, state.view.isLeaving(queue))
        }
        if let proof {
            transport.report(proof)
            // At once to the one behind it.
            watchPeers()
        } else {
            tellViewObservers()
        }
        // Its node says goodbye when it has answered; if that dies, it is gone from the view, and the next probe tells.
        guard !isLeaving else { return }
        // Younger ones may have been written behind the probe, and then come back by themselves.
        interrupt(callsAt: [queue], sentBefore: probedAt - timing.probeInterval)
    }
}

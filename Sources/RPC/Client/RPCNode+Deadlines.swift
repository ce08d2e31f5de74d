import NIOCore
import Synchronization

extension RPCNode {
    /// Has the timer fire at a call's deadline; it fires once for the earliest of all.
    func armTimer(for deadline: NIODeadline) {
        let timer = clock.schedule(at: deadline, on: eventLoop) { [weak self] in self?.expireCalls() }
        let replaced: Scheduled<Void>? = state.withLock { state in
            // It may have fired already, and armed another: whoever set a deadline arms it, and nobody else's.
            guard state.timerDeadline == deadline else { return timer }
            defer { state.timer = timer }
            return state.timer
        }
        replaced?.cancel()
    }

    private func expireCalls() {
        let now = clock.now
        let (expired, next) = state.withLock { state in
            let expired = state.calls.expire(now: now)
            let next = state.calls.nextExpiry
            state.timer = nil
            state.timerDeadline = next ?? .distantFuture
            return (expired, next)
        }
        if let next { armTimer(for: next) }
        statistics.countTimeouts(expired.count)
        // Those that were never written are known to have done nothing.
        let out = Set(expired.lazy.filter { !$0.isLocal && $0.target != nil }.compactMap(\.request.correlationID))
        let unwritten = out.isEmpty ? [] : transport.takeBack(out)
        for call in expired {
            let isUnwritten = call.target == nil || call.request.correlationID.map(unwritten.contains) ?? false
            call.completion(.failure(.timeout(call.request.function, outcome: isUnwritten ? .notDelivered : .unknown)))
        }
    }
}

extension RPCNode.State {
    /// The time at which to arm the timer for a new call; nil if it fires early enough as it is.
    mutating func needsTimer(for deadline: NIODeadline) -> NIODeadline? {
        let due = deadline + CallTable<PendingCall>.tick
        guard due < timerDeadline else { return nil }
        timerDeadline = due
        return due
    }
}

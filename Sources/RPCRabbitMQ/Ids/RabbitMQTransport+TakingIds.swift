import Logging
import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

/// How a process that starts gets its Id, or is refused.
extension RabbitMQTransport {
    /// A wait for an Id that is longer than this is told of. One for a process that was killed is not.
    private static var patienceToTellOf: Duration { .seconds(1) }

    /// Takes the Id of an instance that is about to be served: by its lock, or without it if whoever has that does not
    /// answer.
    /// - Throws: `RPCError` `instanceTaken` naming node and host if another process answers for the Id, or when the
    ///   lock is still held after three heartbeats and this node cannot even hear itself; `RabbitMQError` if the
    ///   connection fails.
    func takeId(of instance: ServedInstance, on incarnation: Incarnation) async throws {
        let start = ContinuousClock.now
        var isSaid = false
        while try await !tryLock(of: instance, on: incarnation) {
            instance.noteContact()
            if let asked = instance.asked, let holder = arrivals.holders.holder(of: instance.id, since: asked.first) {
                throw RPCError.taken(instance.id, by: holder)
            }
            if hasHeardNobody(about: instance, for: IdTiming.patience) {
                logger.warning(
                    "the holder of an Id does not answer: this node serves it without the lock, until it gets that",
                    metadata: ["instance": "\(instance.id)"])
                return instance.begin(withLock: false)
            }
            guard ContinuousClock.now - start < configuration.lockPatience else {
                throw RPCError(
                    .instanceTaken, "\(instance.id) is served already, by a process that does not answer")
            }
            if !isSaid, ContinuousClock.now - start >= Self.patienceToTellOf {
                isSaid = true
                logger.warning(
                    "an Id is taken, and its holder does not answer: waiting a moment for it",
                    metadata: ["instance": "\(instance.id)"])
            }
            ask(about: instance)
            // Its holder may answer meanwhile, or the broker give it up.
            try await Task.sleep(for: IdTiming.retryPause)
        }
        instance.state.withLock { $0.hold.lockTaken() }
        do {
            try await refuseIfServed(instance.id, incarnation)
        } catch {
            // It is the other's, who may not know yet that it was lost.
            try? await releaseLock(of: instance, on: incarnation)
            throw error
        }
        instance.begin(withLock: true)
    }

    /// The lock may have been deleted under a process that serves on, or that one took over without it: whoever says so
    /// has the Id.
    private func refuseIfServed(_ id: InstanceID, _ incarnation: Incarnation) async throws {
        try await becomeAcquainted(incarnation)
        guard arrivals.holders.holder(of: id) != nil else { return }
        // It may be gone by now: who had the lock, and was killed.
        let asked = NIODeadline.now()
        ask()
        while arrivals.holders.holder(of: id) != nil, .now() < asked + IdTiming.silenceTime {
            if let holder = arrivals.holders.holder(of: id, since: asked) { throw RPCError.taken(id, by: holder) }
            // Polled: this happens once in a start, and holders tell nobody what they hear.
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Waits once on every connection until others have had the time to say who they are.
    private func becomeAcquainted(_ incarnation: Incarnation) async throws {
        guard !incarnation.isAcquainted else { return }
        let asked = NIODeadline.now()
        ask()
        while arrivals.lastEcho ?? .distantPast < asked, .now() < asked + IdTiming.echoTime {
            // Polled: once on each connection.
            try await Task.sleep(for: .milliseconds(5))
        }
        // How many will answer nobody knows: nothing tells that all have.
        try await Task.sleep(for: .nanoseconds(IdTiming.answerTime.nanoseconds))
        incarnation.becameAcquainted()
    }

    /// Has everybody say who has an Id, unless that was asked a moment ago.
    func ask(about instance: ServedInstance) {
        let now = NIODeadline.now()
        let isDue = instance.state.withLock { state in
            guard let asked = state.asked else {
                state.asked = (now, now)
                return true
            }
            guard now - asked.last >= IdTiming.questionPause else { return false }
            state.asked = (asked.first, now)
            return true
        }
        if isDue { ask() }
    }

    /// Whether this node asked so long ago who has an Id, hears what is said, and nobody claimed it.
    func hasHeardNobody(about instance: ServedInstance, for time: TimeAmount) -> Bool {
        guard let asked = instance.asked?.first, NIODeadline.now() - asked >= time else { return false }
        guard let echo = arrivals.lastEcho, echo >= asked else { return false }
        return arrivals.holders.holder(of: instance.id, since: asked) == nil
    }
}

extension ServedInstance {
    var asked: (first: NIODeadline, last: NIODeadline)? { state.withLock { $0.asked } }

    /// Nobody else has the Id.
    func begin(withLock hasLock: Bool) {
        state.withLock { state in
            _ = state.hold.heardNobody(isPatienceOver: !hasLock)
            (state.asked, state.contact, state.certain) = (nil, .now, .now())
        }
    }

    /// The others were asked, and nobody else has the Id.
    func heardNobody() {
        state.withLock { state in
            _ = state.hold.heardNobody(isPatienceOver: true)
            (state.asked, state.certain) = (nil, .now())
        }
    }

    /// Claims from before that say nothing.
    var certain: NIODeadline { state.withLock { $0.certain } }
}

extension RPCError {
    static func taken(_ id: InstanceID, by holder: IdHolders.Holder) -> RPCError {
        RPCError(.instanceTaken, "\(id) is served already, by the node \(holder.node) on host \(holder.host)")
    }
}

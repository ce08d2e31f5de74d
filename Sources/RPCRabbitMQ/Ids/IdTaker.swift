import Logging
import MqantRPC
import MqantRabbitMQ
import NIOCore

/// How a process that starts gets its Id, or is refused.
struct IdTaker: Sendable {
    /// A wait for an Id that is longer than this is logged. A wait for a process that was killed is shorter.
    private static let patienceToTellOf = Duration.seconds(1)

    let survey: IdSurvey
    let configuration: TransportConfiguration
    let logger: Logger

    /// Takes the Id of an instance that is about to be served: by its lock, or without the lock if its holder does not
    /// answer.
    /// - Throws: `RPCError` `instanceTaken` naming node and host if another process answers for the Id, or when the
    ///   lock is still held after three heartbeats and this node cannot even hear itself; `RabbitMQError` if the
    ///   connection fails.
    func take(_ held: HeldId, on session: BrokerSession) async throws {
        let lock = IdLock(held: held, session: session, logger: logger)
        let start = ContinuousClock.now
        var isSaid = false
        while try await !lock.take() {
            held.noteContact()
            if let asked = held.asked, let holder = survey.holder(of: held.id, since: asked) {
                throw RPCError.taken(held.id, by: holder)
            }
            if survey.hasHeardNobody(about: held, for: IdTiming.patience) {
                logger.warning(
                    "the holder of an Id does not answer: this node serves it without the lock, until it gets that",
                    metadata: ["instance": "\(held.id)"])
                return held.begin(withLock: false)
            }
            guard ContinuousClock.now - start < configuration.lockPatience else {
                throw RPCError(.instanceTaken, "\(held.id) is served already, by a process that does not answer")
            }
            if !isSaid, ContinuousClock.now - start >= Self.patienceToTellOf {
                isSaid = true
                logger.warning(
                    "an Id is taken, and its holder does not answer: waiting a moment for it",
                    metadata: ["instance": "\(held.id)"])
            }
            survey.ask(about: held)
            // Its holder may answer meanwhile, or the broker give it up.
            try await Task.sleep(for: IdTiming.retryPause)
        }
        do {
            try await refuseIfServed(held.id, session)
        } catch {
            // It is the other's, who may not know yet that it was lost.
            try? await lock.release()
            throw error
        }
        held.begin(withLock: true)
    }

    /// The lock may have been deleted under a process that serves on, or another process took over without it: an answer
    /// tells of either.
    private func refuseIfServed(_ id: InstanceID, _ session: BrokerSession) async throws {
        try await survey.becomeAcquainted(on: session)
        guard survey.holder(of: id) != nil else { return }
        // It may be gone by now: who had the lock, and was killed.
        let asked = NIODeadline.now()
        survey.ask()
        while survey.holder(of: id) != nil, .now() < asked + IdTiming.silenceTime {
            if let holder = survey.holder(of: id, since: asked) { throw RPCError.taken(id, by: holder) }
            // Polled: this happens once in a start, and holders tell nobody what they hear.
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

extension RPCError {
    fileprivate static func taken(_ id: InstanceID, by holder: IdHolders.Holder) -> RPCError {
        RPCError(.instanceTaken, "\(id) is served already, by the node \(holder.node) on host \(holder.host)")
    }
}

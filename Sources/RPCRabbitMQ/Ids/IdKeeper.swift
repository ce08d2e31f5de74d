import Logging
import MqantRPC
import MqantRabbitMQ
import NIOCore

/// How a process keeps the Ids that it serves, gives way to a successor, and comes back when the successor is gone.
struct IdKeeper: Sendable {
    let node: NodeID
    let ids: HeldIds
    let survey: IdSurvey
    /// The node is told through it.
    let dispatcher: DeliveryDispatcher
    let logger: Logger

    /// Looks after the Ids of all instances as long as the session lasts and the task is not cancelled.
    func keep(on session: BrokerSession) async {
        var complaint: String?
        for turn in 0... {
            guard !session.isOver, !Task.isCancelled else { return }
            let held = ids.all.filter { !$0.isClosing }
            do {
                for id in held {
                    // Every second; a lock that was not used for so long may be deleted by a policy, too.
                    try await keep(IdLock(held: id, session: session, logger: logger), renewsLock: turn % 2 == 1)
                }
            } catch let error as RabbitMQError where error.code == .channelClosed {
                // The user may not have it any more, say; nor may others then.
                if error.advice != complaint {
                    logger.error(
                        "cannot get the lock of an Id that this node serves",
                        metadata: ["reason": "\(error.advice)", "instances": "\(held.map(\.id))"])
                    complaint = error.advice
                }
            } catch let error as RabbitMQError where error.code == .timeout {
                // A broker that answers nothing is left for the next one.
                return session.end(error)
            } catch {
                return
            }
            // Locks are used, and tried for, at a pace: no broker tells that one is free, or about to expire.
            do { try await Task.sleep(for: IdTiming.keepPause) } catch { return }
        }
    }

    private func keep(_ lock: IdLock, renewsLock: Bool) async throws {
        // Its instance may have ended while another Id was looked after.
        guard !lock.held.isClosing else { return }
        switch lock.held.phase {
        case .starting: return
        case .serving: try await keepServing(lock, renewsLock)
        case .standby: try await keepStandby(lock)
        }
    }

    private func keepServing(_ lock: IdLock, _ renewsLock: Bool) async throws {
        let held = lock.held
        let before = held.announcedRank
        if !held.hasLock {
            _ = try await lock.take()
            held.noteContact()
        } else if renewsLock {
            try await lock.renew()
            held.noteContact()
        }
        // After an absence only answers count.
        let since = held.isReturning ? held.asked ?? .distantFuture : held.certain
        if let holder = survey.holder(of: held.id, since: since), held.heard(holder.claim, as: node) {
            return try await giveWay(lock, to: holder)
        }
        if held.isReturning { endAbsence(of: held) }
        // What others know of the claim is to be true.
        if held.announcedRank != before { dispatcher.receiver?.asked(by: nil) }
    }

    /// Asks, and ends the absence once nobody has claimed the Id.
    private func endAbsence(of held: HeldId) {
        let hasLock = held.hasLock
        guard survey.hasHeardNobody(about: held, for: hasLock ? IdTiming.answerTime : IdTiming.patience) else {
            return survey.ask(about: held)
        }
        held.heardNobody()
        if !hasLock {
            logger.warning(
                "this node serves an Id without its lock, whose holder does not answer",
                metadata: ["instance": "\(held.id)"])
        }
    }

    private func giveWay(_ lock: IdLock, to holder: IdHolders.Holder) async throws {
        lock.held.endQuestion()
        dispatcher.receiver?.connectionChanged(.standby(lock.held.id, true))
        logger.error(
            "another process serves an Id of this node, which gives way until that one ends",
            metadata: ["instance": "\(lock.held.id)", "node": "\(holder.node)", "host": "\(holder.host)"])
        try await lock.release()
    }

    /// Waits until the other process is gone: it says so, is proven gone, or does not answer.
    private func keepStandby(_ lock: IdLock) async throws {
        let held = lock.held
        let asked = held.asked
        if let holder = survey.holder(of: held.id, since: asked ?? .distantPast),
            asked != nil || NIODeadline.now() - holder.heard < IdTiming.standbyPause
        {
            held.endQuestion()
            return try await lock.release()
        }
        survey.ask(about: held)
        if !held.hasLock { _ = try await lock.take() }
        held.noteContact()
        guard survey.hasHeardNobody(about: held, for: held.hasLock ? IdTiming.answerTime : IdTiming.patience) else {
            return
        }
        held.heardNobody()
        logger.notice("this node serves an Id again", metadata: ["instance": "\(held.id)"])
        dispatcher.receiver?.connectionChanged(.standby(held.id, false))
    }
}

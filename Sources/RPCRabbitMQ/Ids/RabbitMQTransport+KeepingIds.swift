import Logging
import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

/// How a process keeps the Ids that it serves, gives way to a successor, and comes back when that is gone.
extension RabbitMQTransport {
    /// Looks after the Ids of all instances as long as the connection lasts.
    func keepIds(_ incarnation: Incarnation) async {
        var complaint: String?
        for turn in 0... {
            guard !incarnation.isOver, !Task.isCancelled else { return }
            let instances = state.withLock { Array($0.instances.values) }.filter { !$0.isClosing }
            do {
                for instance in instances {
                    // Every second; a lock that was not used for so long may be deleted by a policy, too.
                    try await keep(instance, on: incarnation, renewsLock: turn % 2 == 1)
                }
            } catch let error as RabbitMQError where error.code == .channelClosed {
                // The user may not have it any more, say; nor may others then.
                if error.advice != complaint {
                    logger.error(
                        "cannot get the lock of an Id that this node serves",
                        metadata: ["reason": "\(error.advice)", "instances": "\(instances.map(\.id))"])
                    complaint = error.advice
                }
            } catch let error as RabbitMQError where error.code == .timeout {
                // A broker that answers nothing is left for the next one.
                return incarnation.end(error)
            } catch {
                return
            }
            do { try await Task.sleep(for: IdTiming.keepPause) } catch { return }
        }
    }

    private func keep(_ instance: ServedInstance, on incarnation: Incarnation, renewsLock: Bool) async throws {
        switch instance.hold.phase {
        case .starting: return
        case .serving: try await keepServing(instance, on: incarnation, renewsLock)
        case .standby: try await keepStandby(instance, on: incarnation)
        }
    }

    private func keepServing(
        _ instance: ServedInstance, on incarnation: Incarnation, _ renewsLock: Bool
    ) async throws {
        let before = instance.announcedRank
        if !instance.hold.hasLock {
            if try await tryLock(of: instance, on: incarnation) { instance.state.withLock { $0.hold.lockTaken() } }
            instance.noteContact()
        } else if renewsLock {
            if try await !renewLock(of: instance, on: incarnation) { instance.state.withLock { $0.hold.lockLost() } }
            instance.noteContact()
        }
        // After an absence only answers count.
        let since = instance.hold.isReturning ? instance.asked?.first ?? .distantFuture : instance.certain
        if let holder = arrivals.holders.holder(of: instance.id, since: since),
            instance.state.withLock({ $0.hold.heard(holder.claim, as: node) })
        {
            return try await giveWay(instance, to: holder, on: incarnation)
        }
        if instance.hold.isReturning { endAbsence(of: instance) }
        // What others know of the claim is to be true.
        if instance.announcedRank != before { arrivals.receiver?.asked(by: nil) }
    }

    /// Asks, and ends the absence once nobody has claimed the Id.
    private func endAbsence(of instance: ServedInstance) {
        let hasLock = instance.hold.hasLock
        guard hasHeardNobody(about: instance, for: hasLock ? IdTiming.answerTime : IdTiming.patience) else {
            return ask(about: instance)
        }
        instance.heardNobody()
        if !hasLock {
            logger.warning(
                "this node serves an Id without its lock, whose holder does not answer",
                metadata: ["instance": "\(instance.id)"])
        }
    }

    private func giveWay(
        _ instance: ServedInstance, to holder: IdHolders.Holder, on incarnation: Incarnation
    ) async throws {
        instance.state.withLock { $0.asked = nil }
        arrivals.receiver?.connectionChanged(.standby(instance.id, true))
        logger.error(
            "another process serves an Id of this node, which gives way until that one ends",
            metadata: ["instance": "\(instance.id)", "node": "\(holder.node)", "host": "\(holder.host)"])
        try await releaseLock(of: instance, on: incarnation)
    }

    /// Waits until the other process is gone: it says so, is proven gone, or does not answer.
    private func keepStandby(_ instance: ServedInstance, on incarnation: Incarnation) async throws {
        let asked = instance.asked
        if let holder = arrivals.holders.holder(of: instance.id, since: asked?.first ?? .distantPast),
            asked != nil || NIODeadline.now() - holder.heard < IdTiming.standbyPause
        {
            instance.state.withLock { $0.asked = nil }
            return try await releaseLock(of: instance, on: incarnation)
        }
        ask(about: instance)
        if !instance.hold.hasLock, try await tryLock(of: instance, on: incarnation) {
            instance.state.withLock { $0.hold.lockTaken() }
        }
        instance.noteContact()
        let time = instance.hold.hasLock ? IdTiming.answerTime : IdTiming.patience
        guard hasHeardNobody(about: instance, for: time) else { return }
        instance.heardNobody()
        logger.notice("this node serves an Id again", metadata: ["instance": "\(instance.id)"])
        arrivals.receiver?.connectionChanged(.standby(instance.id, false))
    }
}

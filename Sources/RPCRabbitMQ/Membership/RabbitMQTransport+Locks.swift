import Logging
import NIOCore
import RPC
import RabbitMQ
import Synchronization

/// An Id belongs to whoever has declared the exclusive queue `lock.<Id>` (DESIGN §8, "two nodes claim one Id").
extension RabbitMQTransport {
    /// Between two attempts at a lock: the broker tells nobody that an exclusive queue is gone.
    private static var retryPause: Duration { .milliseconds(100) }
    /// A wait for a lock that is longer than this is told of. One for a process that was killed is not.
    private static var patienceToTellOf: Duration { .seconds(1) }

    /// Takes the lock of an instance that is about to be served.
    /// - Throws: `RPCError` `instanceTaken` naming node and host if another process answers for the Id, or when the lock
    ///   is still held after three heartbeats; `RabbitMQError` if the connection fails.
    func takeLock(of instance: ServedInstance, on incarnation: Incarnation) async throws {
        let witnesses = arrivals.witnesses
        defer { witnesses.forget(instance.id) }
        let start = ContinuousClock.now
        var isSaid = false
        while try await !tryLock(of: instance, on: incarnation) {
            if let holder = witnesses.holder(of: instance.id) {
                let text = "\(instance.id) is served already, by the node \(holder.node) on host \(holder.host)"
                throw RPCError(.instanceTaken, text)
            }
            // Silence: maybe a process that is gone, and whose connection the broker has not given up yet.
            guard ContinuousClock.now - start < configuration.lockPatience else {
                throw RPCError(.instanceTaken, "\(instance.id) is served already, by a process that does not answer")
            }
            if !isSaid, ContinuousClock.now - start >= Self.patienceToTellOf {
                isSaid = true
                logger.warning(
                    "an Id is taken, and its holder does not answer: waiting until the broker gives it up",
                    metadata: ["instance": "\(instance.id)", "at most": "\(configuration.lockPatience)"])
            }
            witnesses.ask(instance.id)
            _ = append(OutboxEntry(.question, to: ""))
            // Its holder may answer meanwhile, or the broker give it up.
            try await Task.sleep(for: Self.retryPause)
        }
        instance.state.withLock { $0.hasLock = true }
    }

    /// Takes the locks of all instances after a reconnect, as soon as this node's former connection is given up.
    ///
    /// Whoever took an Id meanwhile keeps it: this node serves on whom it has, and does not announce the instance until
    /// that process is gone.
    func recoverLocks(_ incarnation: Incarnation) async {
        let end = ContinuousClock.now + configuration.lockPatience
        var complaint: String?
        while !incarnation.isOver, !Task.isCancelled {
            let missing = state.withLock { Array($0.instances.values) }
                .filter { instance in instance.state.withLock { !$0.hasLock && !$0.isClosing } }
            guard !missing.isEmpty else { return }
            var obstacle: String?
            do {
                for instance in missing { try await recoverLock(of: instance, on: incarnation) }
                let isSilent = missing.contains { $0.state.withLock { !$0.hasLock && !$0.isYielding } }
                if isSilent, ContinuousClock.now > end { obstacle = "it is held by a process that does not answer" }
            } catch let error as RabbitMQError where error.code == .channelClosed {
                // The user may not have it any more, say; nor may others then.
                obstacle = error.description
            } catch {
                return
            }
            if let obstacle, obstacle != complaint {
                logger.error(
                    "cannot get the lock of an Id that this node serves",
                    metadata: ["reason": "\(obstacle)", "instances": "\(missing.map(\.id))"])
                complaint = obstacle
            }
            // Less often than at the start: this node serves already, and nobody waits for it.
            do { try await Task.sleep(for: Self.retryPause * 5) } catch { return }
        }
    }

    private func recoverLock(of instance: ServedInstance, on incarnation: Incarnation) async throws {
        let witnesses = arrivals.witnesses
        if try await tryLock(of: instance, on: incarnation) {
            let wasYielding = instance.state.withLock { state in
                defer { (state.hasLock, state.isYielding) = (true, false) }
                return state.isYielding
            }
            if wasYielding { arrivals.receiver?.connectionChanged(.yields(instance.id, false)) }
            return witnesses.forget(instance.id)
        }
        guard !instance.state.withLock({ $0.isYielding }) else { return }
        guard let holder = witnesses.holder(of: instance.id) else {
            witnesses.ask(instance.id)
            _ = append(OutboxEntry(.question, to: ""))
            return
        }
        instance.state.withLock { $0.isYielding = true }
        arrivals.receiver?.connectionChanged(.yields(instance.id, true))
        logger.error(
            "another process serves an Id of this node, which gives way until that one ends",
            metadata: ["instance": "\(instance.id)", "node": "\(holder.node)", "host": "\(holder.host)"])
    }

    private func tryLock(of instance: ServedInstance, on incarnation: Incarnation) async throws -> Bool {
        do {
            let channel = try await incarnation.attempt { channel in
                try await incarnation.declare(incarnation.names.lock(instance.id), on: channel)
            }
            try await channel.close()
            return true
        } catch let error as RabbitMQError where error.replyCode == 405 {
            return false
        }
    }

    /// Lets another process take the Id at once.
    func releaseLock(of instance: ServedInstance, on incarnation: Incarnation) async throws {
        guard instance.state.withLock({ $0.hasLock }), let consumer = incarnation.consumer else { return }
        let channel = try await consumer.openChannel()
        try await channel.deleteQueue(incarnation.names.lock(instance.id).rawValue)
        try await channel.close()
    }
}

import Logging
import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

/// An Id belongs to whoever has declared the exclusive queue `lock.<Id>` (docs/wire.md#3-one-id-one-process, "two nodes
/// claim one Id").
extension RabbitMQTransport {
    /// Between two attempts at a lock: the broker tells nobody that an exclusive queue is gone.
    private static var retryPause: Duration { .milliseconds(100) }
    /// A wait for a lock that is longer than this is told of. One for a process that was killed is not.
    private static var patienceToTellOf: Duration { .seconds(1) }

    /// How long another node may take to answer who it is, once this one's question has come back to itself.
    private static var answerTime: Duration { .milliseconds(100) }
    /// How long the question may take to come back.
    private static var echoTime: Duration { .milliseconds(500) }
    /// How long a node that serves an Id may take to say so again: an announcement, and a little.
    private static var silenceTime: TimeAmount { .milliseconds(1200) }

    /// Takes the lock of an instance that is about to be served.
    /// - Throws: `RPCError` `instanceTaken` naming node and host if another process answers for the Id, or when the lock
    ///   is still held after three heartbeats; `RabbitMQError` if the connection fails.
    func takeLock(of instance: ServedInstance, on incarnation: Incarnation) async throws {
        let start = ContinuousClock.now
        var asked: NIODeadline?
        var isSaid = false
        while try await !tryLock(of: instance, on: incarnation) {
            if let asked, let holder = arrivals.witnesses.holder(of: instance.id, since: asked) {
                throw RPCError.taken(instance.id, by: holder)
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
            if asked == nil { asked = .now() }
            ask()
            // Its holder may answer meanwhile, or the broker give it up.
            try await Task.sleep(for: Self.retryPause)
        }
        instance.state.withLock { $0.hasLock = true }
        do {
            try await refuseIfServed(instance.id, incarnation)
        } catch {
            // It is the other's, who may not know yet that it was lost.
            try? await releaseLock(of: instance, on: incarnation)
            throw error
        }
    }

    /// The lock may have been deleted under a process that serves on: whoever says so has the Id.
    private func refuseIfServed(_ id: InstanceID, _ incarnation: Incarnation) async throws {
        try await becomeAcquainted(incarnation)
        guard arrivals.witnesses.holder(of: id) != nil else { return }
        // It may be gone by now: who had the lock, and was killed.
        let asked = NIODeadline.now()
        ask()
        while arrivals.witnesses.holder(of: id) != nil, .now() < asked + Self.silenceTime {
            if let holder = arrivals.witnesses.holder(of: id, since: asked) { throw RPCError.taken(id, by: holder) }
            // Polled: this happens once in a start, and witnesses tell nobody what they hear.
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Waits once on every connection until others have had the time to say who they are.
    private func becomeAcquainted(_ incarnation: Incarnation) async throws {
        guard !incarnation.isAcquainted else { return }
        let asked = NIODeadline.now()
        ask()
        while arrivals.lastEcho ?? .distantPast < asked, .now() < asked + TimeAmount(Self.echoTime) {
            // Polled: once on each connection.
            try await Task.sleep(for: .milliseconds(5))
        }
        // How many will answer nobody knows: nothing tells that all have.
        try await Task.sleep(for: Self.answerTime)
        incarnation.becameAcquainted()
    }

    /// Has everybody say who is there.
    private func ask() { _ = append(OutboxEntry(.question, to: "")) }

    /// Holds the locks of all instances as long as the connection lasts: takes those that its former connection has, as
    /// soon as that is given up, and those that somebody has deleted.
    ///
    /// Whoever took an Id meanwhile keeps it: this node serves on whom it has, and does not announce the instance until
    /// that process is gone.
    func keepLocks(_ incarnation: Incarnation) async {
        var silentSince: ContinuousClock.Instant?
        var complaint: String?
        var asked: [InstanceID: NIODeadline] = [:]
        for turn in 0... {
            guard !incarnation.isOver, !Task.isCancelled else { return }
            let instances = state.withLock { Array($0.instances.values) }.filter { !$0.isClosing }
            let missing = instances.filter { instance in instance.state.withLock { !$0.hasLock } }
            var obstacle: String?
            do {
                for instance in missing { try await recoverLock(of: instance, on: incarnation, &asked) }
                // Every second; one that was not asked for in so long may be deleted by a policy, too.
                if turn % 2 == 1 {
                    for instance in instances { try await renewLock(of: instance, on: incarnation) }
                }
                let isSilent = missing.contains { $0.state.withLock { !$0.hasLock && !$0.isYielding } }
                silentSince = isSilent ? silentSince ?? .now : nil
                if let silentSince, ContinuousClock.now - silentSince > configuration.lockPatience {
                    obstacle = "it is held by a process that does not answer"
                }
            } catch let error as RabbitMQError where error.code == .channelClosed {
                // The user may not have it any more, say; nor may others then.
                obstacle = error.advice
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

    private func recoverLock(
        of instance: ServedInstance, on incarnation: Incarnation, _ asked: inout [InstanceID: NIODeadline]
    ) async throws {
        if try await tryLock(of: instance, on: incarnation) {
            let wasYielding = instance.state.withLock { state in
                defer { (state.hasLock, state.isYielding) = (true, false) }
                return state.isYielding
            }
            if wasYielding { arrivals.receiver?.connectionChanged(.yields(instance.id, false)) }
            asked[instance.id] = nil
            return
        }
        guard !instance.state.withLock({ $0.isYielding }) else { return }
        guard let time = asked[instance.id], let holder = arrivals.witnesses.holder(of: instance.id, since: time)
        else {
            if asked[instance.id] == nil { asked[instance.id] = .now() }
            return ask()
        }
        instance.state.withLock { $0.isYielding = true }
        arrivals.receiver?.connectionChanged(.yields(instance.id, true))
        logger.error(
            "another process serves an Id of this node, which gives way until that one ends",
            metadata: ["instance": "\(instance.id)", "node": "\(holder.node)", "host": "\(holder.host)"])
    }

    /// Uses a lock that this node has, and takes it again if it was deleted.
    private func renewLock(of instance: ServedInstance, on incarnation: Incarnation) async throws {
        guard instance.state.withLock({ $0.hasLock }), !instance.isClosing else { return }
        var lock = QueueDeclaration(name: incarnation.names.lock(instance.id).rawValue)
        lock.isPassive = true
        do {
            try await incarnation.attempt { try await $0.declareQueue(lock) }.close()
        } catch let error as RabbitMQError where error.replyCode == 404 || error.replyCode == 405 {
            guard !instance.isClosing else { return }
            logger.warning(
                "the lock of an Id that this node serves was deleted: taking it again",
                metadata: ["instance": "\(instance.id)", "queue": "\(lock.name)"])
            instance.state.withLock { $0.hasLock = false }
        }
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

extension RPCError {
    fileprivate static func taken(_ id: InstanceID, by holder: Witnesses.Holder) -> RPCError {
        RPCError(.instanceTaken, "\(id) is served already, by the node \(holder.node) on host \(holder.host)")
    }
}

import Logging
import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

/// The queues of the instances that this node serves: opened with their Ids, brought back on every new connection, and
/// closed.
final class InstanceQueues: Sendable {
    private struct Served: Sendable {
        let queue: InstanceQueue
        let held: HeldId
    }

    private struct State {
        var instances: [InstanceID: Served] = [:]
        /// Every name that the queue of an instance has had.
        var owners: [QueueName: Served] = [:]
        var lives = 0
    }

    private let configuration: TransportConfiguration
    private let present: PresentSession
    private let ids: HeldIds
    private let taker: IdTaker
    private let logger: Logger
    private let state = Mutex(State())

    init(
        configuration: TransportConfiguration, present: PresentSession, ids: HeldIds, taker: IdTaker, logger: Logger
    ) {
        self.configuration = configuration
        self.present = present
        self.ids = ids
        self.taker = taker
        self.logger = logger
    }

    /// All queues of instances, with the locks that this node has.
    var names: [QueueName] {
        guard let names = present.session?.names else { return [] }
        return state.withLock { Array($0.instances.values) }.flatMap { served in
            [served.queue.name] + (served.held.hasLock ? [names.lock(served.held.id)] : [])
        }
    }

    // MARK: Opening

    /// Takes the Id of an instance and opens its queue. Both are tried for `startTimeout`.
    func open(for instance: InstanceID) async throws(RPCError) -> QueueName {
        // Room for what names put around it, within AMQP's 255 bytes.
        guard (1...160).contains(instance.rawValue.utf8.count) else {
            throw RPCError(.invalidArguments, "an Id has 1 to 160 bytes")
        }
        let life = state.withLock { state in
            state.lives += 1
            return state.lives
        }
        return try await untilAllowed { try await tryOpen(instance, life) }
    }

    /// Tries something until the connection is there, the user has the permission and no limit is in the way: it may
    /// come later.
    ///
    /// - Parameter body: returns nil if there is no connection, or it was lost meanwhile.
    private func untilAllowed<Value>(_ body: () async throws -> Value?) async throws(RPCError) -> Value {
        let end = ContinuousClock.now + configuration.startTimeout
        var backoff = Backoff(longest: configuration.reconnectPause)
        var warning = RepeatedWarning(logger: logger)
        while true {
            var obstacle = RabbitMQError(.connectionClosed, "no connection to the broker")
            do {
                if let value = try await body() { return value }
            } catch let error as RPCError {
                guard let cause = error.underlyingError as? RabbitMQError, cause.mayBeAllowedLater else { throw error }
                obstacle = cause
            } catch let error as RabbitMQError {
                guard error.mayBeAllowedLater || error.code == .connectionClosed || error.code == .closedLocally
                else {
                    throw RPCError(error)
                }
                obstacle = error
            } catch {
                throw .startCancelled
            }
            // A connection that was merely lost is complained of where the next one is made.
            if obstacle.mayBeAllowedLater || obstacle.isLimit {
                warning.log("cannot use the broker yet", obstacle.advice, configuration.brokers)
            }
            guard ContinuousClock.now < end else { throw .unusable(obstacle, at: configuration.brokers) }
            guard await backoff.pause() else { throw .startCancelled }
        }
    }

    /// - Returns: nil if there is no connection, or it was lost meanwhile.
    private func tryOpen(_ id: InstanceID, _ life: Int) async throws -> QueueName? {
        if present.isShutDown { throw RPCError(.shuttingDown, "this node is shutting down") }
        guard let session = present.session else { return nil }
        let served = Served(queue: InstanceQueue(of: id, life: life, names: session.names), held: HeldId(id))
        try await taker.take(served.held, on: session)
        do {
            try await session.open(served.queue)
        } catch {
            try? await lock(of: served, session).release()
            throw error
        }
        return state.withLock { state in
            // If it is lost after this look, `restore` finds the instance.
            guard present.session === session else { return nil }
            ids.insert(served.held)
            state.instances[id] = served
            state.owners[served.queue.name] = served
            return served.queue.name
        }
    }

    /// Brings all queues back on a new connection, under new names.
    /// - Returns: the names that the node knows, each with the new one.
    func restore(on session: BrokerSession) async throws -> [QueueName: QueueName] {
        let instances = state.withLock { Array($0.instances.values) }.filter { !$0.queue.isClosing }
        for served in instances {
            served.queue.rename(session.names)
            served.held.reconnected()
            try await session.open(served.queue)
        }
        return state.withLock { state in
            var names: [QueueName: QueueName] = [:]
            for served in instances {
                let (known, name) = served.queue.takeRenaming()
                names[known] = name
                state.owners[name] = served
            }
            return names
        }
    }

    // MARK: Closing

    /// Closes a queue once callers have gone quiet, and gives its Id back.
    func close(_ queue: QueueName) async {
        guard let served = state.withLock({ $0.owners[queue] }) else { return }
        served.queue.beginClosing()
        served.held.beginClosing()
        if let session = present.session {
            await waitForQuiet(served.queue, session)
            do {
                try await session.delete(served.queue, timeout: configuration.closeTimeout)
                try await lock(of: served, session).release()
            } catch {
                // The connection is over, and the queue with it.
                logger.debug("queue not deleted", metadata: ["queue": "\(served.queue.name)", "reason": "\(error)"])
                // Or the broker hangs: nothing else that it is asked while this node shuts down shall take so long.
                if let error = error as? RabbitMQError, error.code == .timeout { session.end(error) }
            }
        }
        ids.remove(served.held)
        state.withLock { state in
            if state.instances[served.held.id]?.queue === served.queue { state.instances[served.held.id] = nil }
            state.owners = state.owners.filter { $0.value.queue !== served.queue }
        }
    }

    /// Waits until the callers know that the instance goes: what they sent into a queue's last moment would be lost
    /// without a word.
    private func waitForQuiet(_ queue: InstanceQueue, _ session: BrokerSession) async {
        let began = NIODeadline.now()
        let end = began + TimeAmount(configuration.closeTimeout)
        let quiet = TimeAmount(configuration.quietTime)
        while !session.isOver {
            let now = NIODeadline.now()
            let since = max(began, queue.lastRequest)
            guard now < end, now - since < quiet else { return }
            do {
                try await Task.sleep(for: .nanoseconds((quiet - (now - since)).nanoseconds))
            } catch {
                return
            }
        }
    }

    private func lock(of served: Served, _ session: BrokerSession) -> IdLock {
        IdLock(held: served.held, session: session, logger: logger)
    }
}

import Logging
import NIOCore
package import RPC
import RabbitMQ
import Synchronization

extension RabbitMQTransport {
    package func start(_ receiver: any TransportReceiver) async throws(RPCError) {
        arrivals.start(receiver) { [weak self] in self?.report($0) }
        let end = ContinuousClock.now + configuration.startTimeout
        var backoff = Backoff(longest: configuration.reconnectPause)
        var complaint = Complaint(text: "cannot use the broker yet", logger: logger)
        while true {
            do {
                let incarnation = try await connect()
                adopt(incarnation, try await binder(for: incarnation))
                break
            } catch {
                let reason = Self.explanation(of: error)
                complaint.make(reason, uris)
                guard ContinuousClock.now < end, await backoff.pause() else {
                    // Where one URI failed, the reason begins with it.
                    let place = reason.contains("amqp") ? "" : " at \(uris)"
                    let text = "cannot use RabbitMQ\(place): \(reason)"
                    throw RPCError(.disconnected, text, outcome: .notDelivered, underlyingError: error)
                }
            }
        }
        // Held and awaited by `shutdown`.
        let supervisor = Task { await self.supervise() }
        state.withLock { $0.supervisor = supervisor }
    }

    /// What went wrong, and what to do about it.
    private static func explanation(of error: any Error) -> String {
        guard let error = error as? RabbitMQError else { return String(describing: error) }
        switch error.replyCode {
        case 403 where error.code == .channelClosed:
            return "\(error); give the user its permissions with rabbitmqctl set_permissions (docs/three-hosts.md)"
        case 406 where error.code == .channelClosed:
            return "\(error); name another Exchange under Rabbitmq in server.conf, or delete that one"
        default:
            return error.description
        }
    }

    /// The brokers without their passwords.
    private var uris: String { configuration.connection.uris.map(\.description).joined(separator: ", ") }

    private func connect() async throws -> Incarnation {
        let incarnation = Incarnation(names: Names(configuration, node: node), arrivals: arrivals, logger: logger)
        try await incarnation.open(configuration) { queues, exchanges in
            Writer(
                node: node, names: incarnation.names, queues: queues, exchanges: exchanges, outbox: outbox,
                readers: arrivals.readers, statistics: statistics,
                refuse: { [arrivals] request, error in arrivals.receiver?.refused(request, error) })
        }
        statistics.countConnection()
        return incarnation
    }

    /// - Throws: what makes this connection useless; it is then over.
    private func binder(for incarnation: Incarnation) async throws -> GroupBinder {
        do {
            return try await GroupBinder(incarnation)
        } catch {
            incarnation.end(error as? RabbitMQError ?? RabbitMQError(.closedLocally, "given up"))
            throw error
        }
    }

    private func adopt(_ incarnation: Incarnation, _ binder: GroupBinder?) {
        state.withLock { state in
            (state.incarnation, state.binder) = (incarnation, binder)
        }
    }

    /// Keeps a connection until `shutdown`.
    private func supervise() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.bindGroups() }
            group.addTask { await self.watchNeighbours() }
            while let incarnation = state.withLock({ $0.incarnation }) {
                await incarnation.over()
                forget()
                guard !state.withLock({ $0.isShutDown }) else { break }
                logger.warning(
                    "connection to the broker lost", metadata: ["reason": "\(incarnation.reason?.description ?? "")"])
                arrivals.readers.clear()
                arrivals.receiver?.connectionChanged(.broke(unwritten: outbox.calls) { _ in true })
                await reconnect(&group)
            }
            group.cancelAll()
        }
    }

    private func reconnect(_ group: inout DiscardingTaskGroup) async {
        var backoff = Backoff(longest: configuration.reconnectPause)
        var complaint = Complaint(text: "cannot reconnect to the broker yet", logger: logger)
        while !state.withLock({ $0.isShutDown }) {
            line.expire(now: .now)
            do {
                let incarnation = try await connect()
                do {
                    try await restore(incarnation)
                    logger.notice("connected to the broker again", metadata: ["uri": "\(uris)"])
                    group.addTask { await self.recoverLocks(incarnation) }
                    return
                } catch {
                    incarnation.end(error as? RabbitMQError ?? RabbitMQError(.closedLocally, "given up"))
                    await incarnation.over()
                    forget()
                    throw error
                }
            } catch {
                complaint.make(String(describing: error), uris)
                guard await backoff.pause() else { return }
            }
        }
    }

    private func forget() { state.withLock { ($0.incarnation, $0.binder) = (nil, nil) } }

    /// Brings everything back under new names: instances first, for calls wait for them, then the groups.
    private func restore(_ incarnation: Incarnation) async throws {
        let instances = state.withLock { Array($0.instances.values) }.filter { !$0.isClosing }
        var formerQueues: [FormerQueue] = []
        for instance in instances {
            if let former = instance.rename(incarnation.names) { formerQueues.append(former) }
            try await incarnation.open(instance)
        }
        var names: [QueueName: QueueName] = [:]
        state.withLock { state in
            for instance in instances {
                let (known, queue) = instance.state.withLock { instance in
                    defer { instance.knownQueue = instance.queue }
                    return (instance.knownQueue, instance.queue)
                }
                names[known] = queue
                state.owners[queue] = instance
            }
        }
        adopt(incarnation, nil)
        arrivals.receiver?.connectionChanged(.opened(renamed: names))
        wake()
        let binder = try await GroupBinder(incarnation)
        for queue in formerQueues { try await queue.awaitDeletion(on: incarnation) }
        for instance in instances { try await binder.rebind(instance) }
        adopt(incarnation, binder)
        line.poke()
    }

    /// Does binds and unbinds as they come, whenever there is a connection.
    private func bindGroups() async {
        for await _ in line.signals {
            while let binder = state.withLock({ $0.binder }) {
                let steps = line.take()
                guard !steps.isEmpty else { break }
                do {
                    try await binder.perform(steps, line)
                } catch {
                    state.withLock { $0.binder = nil }
                    binder.incarnation.end(
                        error as? RabbitMQError ?? RabbitMQError(.closedLocally, "given up", underlying: error))
                }
            }
        }
    }
}

extension RabbitMQTransport {
    /// Whether what is sent waits because the broker blocks publishers.
    package var isStalled: Bool { state.withLock { $0.incarnation }?.isStalled ?? false }

    /// All queues of this node on the present connection, for people and tests.
    package var queueNames: [QueueName] {
        let (names, instances) = state.withLock { ($0.incarnation?.names, Array($0.instances.values)) }
        guard let names else { return [] }
        return [names.replies, names.announcements]
            + instances.flatMap { instance in
                instance.state.withLock { state in
                    [state.queue] + (state.hasPushQueue ? [state.pushQueue] : [])
                        + (state.hasLock ? [names.lock(instance.id)] : [])
                }
            }
    }
}

import Logging
import NIOCore
package import RPC
import RabbitMQ
import Synchronization

extension RabbitMQTransport {
    /// A connection that lasted for so long was a good one: what ends it then is something new.
    private static var settlingTime: Duration { .seconds(10) }

    /// Keeps a connection until `shutdown`. Connections that end as soon as they are made are made ever more slowly, and
    /// complained of once.
    func supervise() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.bindGroups() }
            group.addTask { await self.watchNeighbours() }
            var backoff = Backoff(longest: configuration.reconnectPause)
            var complaint = Complaint(logger: logger)
            while let incarnation = state.withLock({ $0.incarnation }) {
                let began = ContinuousClock.now
                // `shutdown` may have seen no connection because this one was being made.
                await withTaskCancellationHandler {
                    await incarnation.over()
                } onCancel: {
                    incarnation.end(RabbitMQError(.closedLocally, "this node is shutting down"))
                }
                let isSettled = ContinuousClock.now - began >= Self.settlingTime
                forget()
                guard !state.withLock({ $0.isShutDown }) else { break }
                if isSettled {
                    backoff = Backoff(longest: configuration.reconnectPause)
                    complaint = Complaint(logger: logger)
                }
                complaint.make("connection to the broker lost", incarnation.reason?.advice ?? "", uris)
                tellBroken()
                if !isSettled, await !backoff.pause() { break }
                await reconnect(&group, &backoff, &complaint)
            }
            group.cancelAll()
        }
    }

    private func tellBroken() {
        arrivals.connectionLost()
        arrivals.receiver?.connectionChanged(.broke(unwritten: outbox.calls) { _ in true })
    }

    private func reconnect(
        _ group: inout DiscardingTaskGroup, _ backoff: inout Backoff, _ complaint: inout Complaint
    ) async {
        while !state.withLock({ $0.isShutDown }) {
            line.expire(now: .now)
            do {
                let incarnation = try await connect()
                do {
                    try await restore(incarnation)
                    if complaint.isAnswerDue() {
                        logger.notice("connected to the broker again", metadata: ["uri": "\(incarnation.uri)"])
                    }
                    group.addTask { await self.recoverLocks(incarnation) }
                    return
                } catch {
                    incarnation.end(error as? RabbitMQError ?? RabbitMQError(.closedLocally, "given up"))
                    await incarnation.over()
                    forget()
                    tellBroken()
                    throw incarnation.reason ?? error
                }
            } catch {
                let reason = (error as? RabbitMQError)?.advice ?? String(describing: error)
                complaint.make("cannot reconnect to the broker yet", reason, uris)
                guard await backoff.pause() else { return }
            }
        }
    }

    private func forget() { state.withLock { ($0.incarnation, $0.binder) = (nil, nil) } }

    /// Brings everything back under new names: instances first, for calls wait for them, then what waits is written, and then
    /// the groups.
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
        arrivals.receiver?.connectionChanged(.opened(renamed: names))
        try await incarnation.introduce(outbox.takeAnnouncement())
        adopt(incarnation, nil)
        // That said that all is well.
        if incarnation.isStalled { arrivals.stalled(true) }
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
                    state.withLock { state in
                        // The next connection may have its own by now.
                        if state.binder?.incarnation === binder.incarnation { state.binder = nil }
                    }
                    binder.incarnation.end(
                        error as? RabbitMQError ?? RabbitMQError(.closedLocally, "given up", underlying: error))
                }
            }
        }
    }
}

extension RabbitMQTransport {
    /// Whether there is a connection.
    package var isConnected: Bool { state.withLock { $0.incarnation } != nil }

    /// Whether what is sent waits because the broker blocks publishers.
    package var isStalled: Bool { state.withLock { $0.incarnation }?.isStalled ?? false }

    /// All queues of this node on the present connection, for people and tests.
    package var queueNames: [QueueName] {
        let (names, instances) = state.withLock { ($0.incarnation?.names, Array($0.instances.values)) }
        guard let names else { return [] }
        return [names.replies, names.announcements]
            + instances.flatMap { instance in
                instance.state.withLock { state in
                    [state.queue] + (state.pushChannel != nil ? [state.pushQueue] : [])
                        + (state.hasLock ? [names.lock(instance.id)] : [])
                }
            }
    }
}

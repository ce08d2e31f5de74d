import Logging
package import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

extension RabbitMQTransport {
    /// A connection that lasted for so long was a good one: what ends it then is something new.
    private static var settlingTime: Duration { .seconds(10) }

    /// Keeps a connection until `shutdown`. Connections that end as soon as they are made are made ever more slowly, and
    /// complained of once.
    func supervise() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watchAnnouncements() }
            group.addTask { await self.restoreAnnouncements() }
            group.addTask { await self.expireConfirmed() }
            group.addTask { await self.watchMajority() }
            if let first = state.withLock({ $0.incarnation }) { group.addTask { await self.keepIds(first) } }
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
            do {
                let incarnation = try await connect()
                do {
                    try await restore(incarnation)
                    if complaint.isAnswerDue() {
                        logger.notice("connected to the broker again", metadata: ["uri": "\(incarnation.uri)"])
                    }
                    group.addTask { await self.keepIds(incarnation) }
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

    private func forget() {
        state.withLock { $0.incarnation = nil }
        giveUpConfirmed()
    }

    /// Brings everything back under new names: instances first, for calls wait for them, and then what waits is written.
    private func restore(_ incarnation: Incarnation) async throws {
        let instances = state.withLock { Array($0.instances.values) }.filter { !$0.isClosing }
        for instance in instances {
            instance.rename(incarnation.names)
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
        // Who hears that it is open may send at once.
        outbox.connectionOpened()
        arrivals.receiver?.connectionChanged(.opened(renamed: names))
        try await incarnation.introduce(outbox.takeAnnouncement())
        adopt(incarnation)
        // That said that all is well.
        if incarnation.isStalled { arrivals.stalled(true) }
        wake()
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
                instance.state.withLock { [$0.queue] + ($0.hold.hasLock ? [names.lock(instance.id)] : []) }
            }
    }
}

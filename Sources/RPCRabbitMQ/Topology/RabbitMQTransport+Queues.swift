import DequeModule
import Logging
package import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

extension RabbitMQTransport {
    package func openQueue(for instance: InstanceID) async throws(RPCError) -> QueueName {
        // Room for what names put around it, within AMQP's 255 bytes.
        guard (1...160).contains(instance.rawValue.utf8.count) else {
            throw RPCError(.invalidArguments, "an Id has 1 to 160 bytes")
        }
        let life = state.withLock { state in
            state.lives += 1
            return state.lives
        }
        return try await untilAllowed { try await tryOpenQueue(for: instance, life) }
    }

    /// Tries something until the connection is there, the user has the permission and no limit is in the way: it may
    /// come later.
    ///
    /// - Parameter body: returns nil if there is no connection, or it was lost meanwhile.
    private func untilAllowed<Value>(_ body: () async throws -> Value?) async throws(RPCError) -> Value {
        let end = ContinuousClock.now + configuration.startTimeout
        var backoff = Backoff(longest: configuration.reconnectPause)
        var complaint = Complaint(logger: logger)
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
                complaint.make("cannot use the broker yet", obstacle.advice, uris)
            }
            guard ContinuousClock.now < end else { throw .unusable(obstacle, at: uris) }
            guard await backoff.pause() else { throw .startCancelled }
        }
    }

    /// - Returns: nil if there is no connection, or it was lost meanwhile.
    private func tryOpenQueue(for id: InstanceID, _ life: Int) async throws -> QueueName? {
        let (incarnation, isShutDown) = state.withLock { ($0.incarnation, $0.isShutDown) }
        if isShutDown { throw RPCError(.shuttingDown, "this node is shutting down") }
        guard let incarnation else { return nil }
        let instance = ServedInstance(id: id, life: life, names: incarnation.names)
        try await takeId(of: instance, on: incarnation)
        do {
            try await incarnation.open(instance)
        } catch {
            try? await releaseLock(of: instance, on: incarnation)
            throw error
        }
        return state.withLock { state in
            guard state.incarnation === incarnation else { return nil }
            state.instances[id] = instance
            state.owners[instance.queue] = instance
            return instance.queue
        }
    }

    package func closeQueue(_ queue: QueueName) async {
        let instance = state.withLock { state in state.owners[queue] }
        guard let instance else { return }
        instance.state.withLock { $0.isClosing = true }
        let incarnation = state.withLock { $0.incarnation }
        if let incarnation {
            await waitForQuiet(instance, incarnation)
            do {
                try await delete(instance, on: incarnation)
            } catch {
                // The connection is over, and the queue with it.
                logger.debug("queue not deleted", metadata: ["queue": "\(instance.queue)", "reason": "\(error)"])
                // Or the broker hangs: nothing else that it is asked while this node shuts down shall take so long.
                if let error = error as? RabbitMQError, error.code == .timeout { incarnation.end(error) }
            }
        }
        state.withLock { state in
            if state.instances[instance.id] === instance { state.instances[instance.id] = nil }
            state.owners = state.owners.filter { $0.value !== instance }
        }
    }

    /// Waits until the callers know that the instance goes: what they sent into a queue's last moment would be lost
    /// without a word.
    private func waitForQuiet(_ instance: ServedInstance, _ incarnation: Incarnation) async {
        let began = NIODeadline.now()
        let end = began + TimeAmount(configuration.closeTimeout)
        let quiet = TimeAmount(configuration.quietTime)
        while !incarnation.isOver {
            let now = NIODeadline.now()
            let since = max(began, instance.state.withLock { $0.lastRequest })
            guard now < end, now - since < quiet else { return }
            do {
                try await Task.sleep(for: .nanoseconds((quiet - (now - since)).nanoseconds))
            } catch {
                return
            }
        }
    }

    /// Deletes the queue once it is empty. What was delivered before the broker's answer has been received then.
    private func delete(_ instance: ServedInstance, on incarnation: Incarnation) async throws {
        guard let channel = instance.state.withLock({ $0.channel }) else { return }
        let queue = instance.queue
        incarnation.tolerate(channel, true)
        for attempt in 1... {
            do {
                try await channel.deleteQueue(
                    queue.rawValue, ifEmpty: attempt < 20, timeout: configuration.closeTimeout)
                break
            } catch let error as RabbitMQError where error.replyCode == 406 {
                // Something came: it is consumed first.
                try await channel.reopen()
                try await incarnation.startConsumer(of: queue, as: .requests(instance, queue: queue), on: channel)
            }
        }
        incarnation.removeRole(of: queue)
        try await channel.close()
        incarnation.tolerate(channel, false)
        try await releaseLock(of: instance, on: incarnation)
    }

    package func shutdown() async {
        let (incarnation, supervisor) = state.withLock { state in
            defer { state.isShutDown = true }
            return (state.incarnation, state.supervisor)
        }
        if let incarnation, !incarnation.isOver {
            let end = ContinuousClock.now + configuration.closeTimeout
            await flush(incarnation, until: end)
            // A broker that blocks publishers does not read their goodbye.
            if incarnation.isStalled { incarnation.publisher?.abort() }
            let timeout = max(configuration.closeTimeout / 4, end - .now)
            // The end of either is the end of both, and replies wait in this one.
            await incarnation.publisher?.close(timeout: timeout)
            await incarnation.consumer?.close(timeout: timeout)
        }
        await finish(supervisor)
    }

    /// Ends as SIGKILL ends a process: nothing more is written, and no goodbye said. For tests.
    package func abort() async {
        let (incarnation, supervisor) = state.withLock { state in
            defer { state.isShutDown = true }
            return (state.incarnation, state.supervisor)
        }
        arrivals.stop()
        incarnation?.end(RabbitMQError(.closedLocally, "aborted"))
        await finish(supervisor)
    }

    /// Loses the connection, as a cut link does; the transport makes another. For tests.
    package func cut() {
        state.withLock { $0.incarnation }?.end(RabbitMQError(.connectionClosed, "cut", outcome: .unknown))
    }

    private func finish(_ supervisor: Task<Void, Never>?) async {
        supervisor?.cancel()
        await supervisor?.value
        for entry in outbox.close() {
            switch entry.content {
            case .request(let request):
                arrivals.receiver?.refused(request, RPCError(.shuttingDown, "this node is shutting down"))
            case .confirmed: entry.confirm(.unknown)
            default: break
            }
        }
        arrivals.stop()
    }

    /// Waits until all that waits has been written, or the time is up.
    private func flush(_ incarnation: Incarnation, until end: ContinuousClock.Instant) async {
        while !outbox.isEmpty, !incarnation.isOver, ContinuousClock.now < end {
            wake()
            do { try await Task.sleep(for: .milliseconds(2)) } catch { return }
        }
    }
}

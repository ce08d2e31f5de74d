import RPC
import RabbitMQ
import Synchronization

/// Binds the group queues of one connection, many at a time: a round trip for each would take minutes for what the broker
/// does in a second.
struct GroupBinder: Sendable {
    let incarnation: Incarnation
    /// For binds and unbinds only: a refusal closes it, and must not end a consumer.
    let channel: AMQPChannel

    init(_ incarnation: Incarnation) async throws {
        guard let consumer = incarnation.consumer else {
            throw RabbitMQError(.connectionClosed, "the connection is over")
        }
        self.incarnation = incarnation
        channel = try await consumer.openChannel()
        incarnation.tolerate(channel, true)
    }

    /// Binds all that an instance was bound to before the connection broke.
    func rebind(_ instance: ServedInstance) async throws {
        let groups = instance.state.withLock { $0.groups }
        guard !groups.isEmpty else { return }
        let queue = try await pushQueue(of: instance)
        try await Right.useBoth {
            try await channel.bind(groups.map { binding(queue, $0) }, timeout: .seconds(60))
        }
    }

    /// Does steps in order, neighbours of one kind together. What the user may not do fails, and nothing else does.
    /// - Throws: when the connection is over; the steps that are not done then are given back to `line`.
    func perform(_ steps: [TopologyLine.Step], _ line: TopologyLine) async throws {
        var rest = steps[...]
        while let first = rest.first {
            let run = rest.prefix { $0.kind == first.kind && $0.instance === first.instance }
            let refusal: RPCError?
            do {
                refusal = try await attempt(run, first.kind, first.instance)
            } catch {
                line.putBack(Array(rest))
                throw error
            }
            rest = rest.dropFirst(run.count)
            for step in run {
                if let refusal {
                    step.completion(.failure(refusal))
                } else if step.kind == .bind, step.instance.isClosing {
                    step.completion(.failure(.instanceNotFound(step.instance.id)))
                } else {
                    step.completion(.success(()))
                }
            }
        }
    }

    /// Does steps of one kind and one instance.
    /// - Returns: nil when they are done; why the user may not.
    private func attempt(
        _ steps: ArraySlice<TopologyLine.Step>, _ kind: TopologyLine.Step.Kind, _ instance: ServedInstance
    ) async throws -> RPCError? {
        do {
            switch kind {
            case .open: try await open(instance)
            case .bind: try await bind(steps.map(\.group), instance)
            case .unbind: try await unbind(steps.map(\.group), instance)
            }
            return nil
        } catch let error as RabbitMQError where error.isForbidden {
            try await repair()
            return .unusable(incarnation.names.withoutToken(error), at: incarnation.uri)
        }
    }

    /// Opens the channel again if it was the one that the broker closed, and not that of a queue.
    private func repair() async throws {
        do {
            try await channel.reopen()
        } catch let error as RabbitMQError where error.code == .invalidArgument {
            return
        }
    }

    /// Declares the queue of an instance's groups, and finds out whether it may be bound.
    private func open(_ instance: ServedInstance) async throws {
        guard !instance.isClosing else { return }
        // No group has an empty name.
        let trial = binding(try await pushQueue(of: instance), "")
        try await Right.useBoth {
            try await channel.bind(trial)
            try await channel.unbind(trial)
        }
    }

    private func bind(_ groups: [GroupName], _ instance: ServedInstance) async throws {
        guard !instance.isClosing else { return }
        let queue = try await pushQueue(of: instance)
        // Twice is once; but the first may have been for a connection that is over: that was rebound then.
        let new = instance.state.withLock { state in groups.filter { state.groups.insert($0).inserted } }
        guard !new.isEmpty else { return }
        do {
            try await Right.useBoth {
                try await channel.bind(new.map { binding(queue, $0) }, timeout: .seconds(60))
            }
        } catch let error as RabbitMQError where error.isForbidden {
            instance.state.withLock { $0.groups.subtract(new) }
            throw error
        }
    }

    private func unbind(_ groups: [GroupName], _ instance: ServedInstance) async throws {
        let (bound, queue) = instance.state.withLock { state in
            (groups.filter { state.groups.remove($0) != nil && state.pushChannel != nil }, state.pushQueue)
        }
        guard !bound.isEmpty else { return }
        try await Right.useBoth {
            try await channel.unbind(bound.map { binding(queue, $0) }, timeout: .seconds(60))
        }
    }

    private func binding(_ queue: QueueName, _ group: GroupName) -> QueueBinding {
        QueueBinding(queue: queue.rawValue, exchange: incarnation.names.groups, routingKey: group.rawValue)
    }

    private func pushQueue(of instance: ServedInstance) async throws -> QueueName {
        let (queue, exists, name) = instance.state.withLock { ($0.pushQueue, $0.pushChannel != nil, $0.queue) }
        if exists { return queue }
        let channel = try await incarnation.attempt { channel in
            try await incarnation.consume(queue, as: .pushes(instance, queue: name), on: channel)
        }
        instance.state.withLock { $0.pushChannel = channel }
        return queue
    }

    /// Deletes the queue of an instance that is withdrawn, and with it all of its bindings.
    func deletePushQueue(of instance: ServedInstance, timeout: Duration) async throws {
        let (queue, channel) = instance.state.withLock { ($0.pushQueue, $0.pushChannel) }
        guard let channel else { return }
        try await channel.deleteQueue(queue.rawValue, timeout: timeout)
        incarnation.removeRole(of: queue)
        try await channel.close()
    }
}

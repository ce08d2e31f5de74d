import RPC
import RabbitMQ
import Synchronization

/// Binds the group queues of one connection, many at a time: a round trip for each would take minutes for what the broker
/// does in a second.
struct GroupBinder: Sendable {
    let incarnation: Incarnation
    let channel: AMQPChannel

    init(_ incarnation: Incarnation) async throws {
        guard let consumer = incarnation.consumer else {
            throw RabbitMQError(.connectionClosed, "the connection is over")
        }
        self.incarnation = incarnation
        channel = try await consumer.openChannel()
    }

    /// Binds all that an instance was bound to before the connection broke.
    func rebind(_ instance: ServedInstance) async throws {
        let groups = instance.state.withLock { $0.groups }
        guard !groups.isEmpty else { return }
        let queue = try await pushQueue(of: instance)
        try await channel.bind(groups.map { binding(queue, $0) }, timeout: .seconds(60))
    }

    /// Does steps in order, neighbours of one kind together.
    /// - Throws: when the connection is over; the steps that are not done then are given back to `line`.
    func perform(_ steps: [TopologyLine.Step], _ line: TopologyLine) async throws {
        var rest = steps[...]
        while let first = rest.first {
            let run = rest.prefix { $0.isBind == first.isBind }
            do {
                if first.isBind { try await bind(run) } else { try await unbind(run) }
            } catch {
                line.putBack(Array(rest))
                throw error
            }
            rest = rest.dropFirst(run.count)
            for step in run {
                let isGone = step.isBind && step.instance.isClosing
                step.completion(isGone ? .failure(.instanceNotFound(step.instance.id)) : .success(()))
            }
        }
    }

    private func bind(_ steps: ArraySlice<TopologyLine.Step>) async throws {
        var bindings: [QueueBinding] = []
        for step in steps where !step.instance.isClosing {
            let queue = try await pushQueue(of: step.instance)
            let isNew = step.instance.state.withLock { $0.groups.insert(step.group).inserted }
            // Twice is once; but the first may have been for a connection that is over: that was rebound then.
            if isNew { bindings.append(binding(queue, step.group)) }
        }
        guard !bindings.isEmpty else { return }
        try await channel.bind(bindings, timeout: .seconds(60))
    }

    private func unbind(_ steps: ArraySlice<TopologyLine.Step>) async throws {
        var bindings: [QueueBinding] = []
        for step in steps {
            let (wasBound, queue) = step.instance.state.withLock { state in
                (state.groups.remove(step.group) != nil && state.hasPushQueue, state.pushQueue)
            }
            if wasBound { bindings.append(binding(queue, step.group)) }
        }
        guard !bindings.isEmpty else { return }
        try await channel.unbind(bindings, timeout: .seconds(60))
    }

    private func binding(_ queue: QueueName, _ group: GroupName) -> QueueBinding {
        QueueBinding(queue: queue.rawValue, exchange: incarnation.names.groups, routingKey: group.rawValue)
    }

    private func pushQueue(of instance: ServedInstance) async throws -> QueueName {
        let (queue, exists, name) = instance.state.withLock { ($0.pushQueue, $0.hasPushQueue, $0.queue) }
        if exists { return queue }
        try await incarnation.consume(queue, as: .pushes(instance, queue: name), on: channel)
        instance.state.withLock { $0.hasPushQueue = true }
        return queue
    }

    /// Deletes the queue of an instance that is withdrawn, and with it all of its bindings.
    func deletePushQueue(of instance: ServedInstance) async throws {
        let (queue, exists) = instance.state.withLock { ($0.pushQueue, $0.hasPushQueue) }
        guard exists else { return }
        try await channel.deleteQueue(queue.rawValue)
        incarnation.removeRole(of: queue)
    }
}

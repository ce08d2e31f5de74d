import Synchronization

/// What the in-process transports of one process share: which queue is whose, and what is bound to which group.
package final class InProcessHub: Sendable {
    fileprivate struct State {
        var nodes: [NodeID: any TransportReceiver] = [:]
        var owners: [QueueName: NodeID] = [:]
        var mailboxes: [QueueName: InProcessMailbox] = [:]
        var groups: [GroupName: [QueueName]] = [:]
        var incarnations = 0
    }

    private let state = Mutex(State())

    package init() {}

    func attach(_ node: NodeID, _ receiver: any TransportReceiver, replyQueue: QueueName) {
        state.withLock { state in
            state.nodes[node] = receiver
            state.owners[replyQueue] = node
            state.mailboxes[replyQueue] = InProcessMailbox(queue: replyQueue, receiver: receiver)
        }
    }

    func detach(_ node: NodeID) {
        state.withLock { state in
            state.nodes[node] = nil
            let queues = Set(state.owners.filter { $0.value == node }.keys)
            for queue in queues { state.remove(queue) }
        }
    }

    func openQueue(of node: NodeID, for instance: InstanceID) throws(RPCError) -> QueueName {
        let queue: QueueName? = state.withLock { state in
            guard let receiver = state.nodes[node] else { return nil }
            state.incarnations += 1
            let queue = QueueName("\(instance)#\(state.incarnations)")
            state.owners[queue] = node
            state.mailboxes[queue] = InProcessMailbox(queue: queue, receiver: receiver)
            return queue
        }
        guard let queue else { throw RPCError(.shuttingDown, "the node is not attached") }
        return queue
    }

    func closeQueue(_ queue: QueueName) {
        state.withLock { $0.remove(queue) }
    }

    func bind(_ queue: QueueName, to group: GroupName) {
        state.withLock { state in
            guard state.owners[queue] != nil, state.groups[group]?.contains(queue) != true else { return }
            state.groups[group, default: []].append(queue)
        }
    }

    func unbind(_ queue: QueueName, from group: GroupName) {
        state.withLock { $0.unbind(queue, from: group) }
    }

    func receiver(of queue: QueueName) -> (any TransportReceiver)? {
        state.withLock { state in state.owners[queue].flatMap { state.nodes[$0] } }
    }

    /// Delivers to a queue, in the order of all deliveries to it.
    /// - Returns: false if there is no such queue.
    func deliver(_ envelope: Envelope, to queue: QueueName) -> Bool {
        let mailbox = state.withLock { state -> InProcessMailbox? in
            guard let mailbox = state.mailboxes[queue] else { return nil }
            mailbox.append(envelope)
            return mailbox
        }
        mailbox?.drain()
        return mailbox != nil
    }

    /// Delivers a copy to every queue that is bound to a group: all see the same order of pushes.
    /// - Returns: false if none is.
    func deliver(_ envelope: Envelope, to group: GroupName) -> Bool {
        let mailboxes = state.withLock { state in
            let mailboxes = (state.groups[group] ?? []).compactMap { state.mailboxes[$0] }
            for mailbox in mailboxes { mailbox.append(envelope) }
            return mailboxes
        }
        for mailbox in mailboxes { mailbox.drain() }
        return !mailboxes.isEmpty
    }

    func receivers(besides node: NodeID) -> [any TransportReceiver] {
        state.withLock { state in state.nodes.filter { $0.key != node }.map(\.value) }
    }
}

extension InProcessHub.State {
    fileprivate mutating func remove(_ queue: QueueName) {
        owners[queue] = nil
        mailboxes[queue] = nil
        for group in groups.keys where groups[group]?.contains(queue) == true { unbind(queue, from: group) }
    }

    fileprivate mutating func unbind(_ queue: QueueName, from group: GroupName) {
        groups[group]?.removeAll { $0 == queue }
        if groups[group]?.isEmpty == true { groups[group] = nil }
    }
}

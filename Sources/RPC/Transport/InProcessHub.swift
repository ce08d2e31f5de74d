import NIOCore
import Synchronization

/// What the in-process transports of one process share: which queue is whose.
package final class InProcessHub: Sendable {
    fileprivate struct State {
        var nodes: [NodeID: any TransportReceiver] = [:]
        var owners: [QueueName: NodeID] = [:]
        var mailboxes: [QueueName: InProcessMailbox] = [:]
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

    /// Ends a node as SIGKILL ends a process: its queues vanish, and all other nodes have proof of that.
    func kill(_ node: NodeID) {
        let (queues, others) = state.withLock { state -> ([QueueName], [any TransportReceiver]) in
            state.nodes[node] = nil
            let queues = state.owners.filter { $0.value == node }.keys.sorted { $0.rawValue < $1.rawValue }
            for queue in queues { state.remove(queue) }
            return (queues, Array(state.nodes.values))
        }
        for other in others {
            other.gone(node, queues)
            for queue in queues { other.vanished(queue, probedAt: .distantFuture) }
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

    func receivers(besides node: NodeID) -> [any TransportReceiver] {
        state.withLock { state in state.nodes.filter { $0.key != node }.map(\.value) }
    }
}

extension InProcessHub.State {
    fileprivate mutating func remove(_ queue: QueueName) {
        owners[queue] = nil
        mailboxes[queue] = nil
    }
}

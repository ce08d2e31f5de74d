import Synchronization

/// The transport of nodes that share a process: a dictionary of queues. It delivers on the sender's thread.
package final class InProcessTransport: Transport {
    private let hub: InProcessHub
    private let node: NodeID
    package let replyQueue: QueueName
    /// True once the node was killed: nothing leaves it any more.
    private let isKilled = Atomic(false)

    package init(node: NodeID, hub: InProcessHub) {
        self.node = node
        self.hub = hub
        replyQueue = QueueName("\(node).replies")
    }

    package func start(_ receiver: any TransportReceiver) async throws(RPCError) {
        hub.attach(node, receiver, replyQueue: replyQueue)
    }

    package func openQueue(for instance: InstanceID) async throws(RPCError) -> QueueName {
        try hub.openQueue(of: node, for: instance)
    }

    package func closeQueue(_ queue: QueueName) async {
        hub.closeQueue(queue)
    }

    package func send(_ envelope: Envelope, to queue: QueueName) {
        guard !isDead, !hub.deliver(envelope, to: queue) else { return }
        hub.receiver(of: replyQueue)?.returned(envelope, from: queue)
    }

    package func send(
        _ request: RPCRequest, to queue: QueueName, confirmation: @escaping @Sendable (DeliveryOutcome) -> Void
    ) {
        guard !isDead else { return confirmation(.unknown) }
        confirmation(hub.deliver(.request(request), to: queue) ? .delivered : .returned)
    }

    package func announce(_ announcement: Announcement) {
        guard !isDead else { return }
        for receiver in hub.receivers(besides: node) { receiver.received(announcement) }
    }

    package func introduce(_ announcement: Announcement, to queue: QueueName) {
        guard !isDead else { return }
        hub.receiver(of: queue)?.received(announcement)
    }

    package func ask() {
        guard !isDead else { return }
        for receiver in hub.receivers(besides: node) { receiver.asked(by: replyQueue) }
    }

    package func shutdown() async {
        hub.detach(node)
    }

    /// Ends the node as SIGKILL ends a process: nothing leaves it any more, a goodbye neither; its queues vanish, and all other
    /// nodes have proof of that on the return.
    package func kill() {
        guard !isKilled.exchange(true, ordering: .sequentiallyConsistent) else { return }
        hub.kill(node)
    }

    private var isDead: Bool { isKilled.load(ordering: .relaxed) }
}

extension RPCError {
    /// What is left of a killed process is told this, since it goes on in a process that lives.
    package static let killed = RPCError(.shuttingDown, "this node was killed")
}

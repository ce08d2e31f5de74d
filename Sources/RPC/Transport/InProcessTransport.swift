/// The transport of nodes that share a process: a dictionary of queues. It delivers on the sender's thread.
package final class InProcessTransport: Transport {
    private let hub: InProcessHub
    private let node: NodeID
    package let replyQueue: QueueName

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
        guard !hub.deliver(envelope, to: queue) else { return }
        hub.receiver(of: replyQueue)?.returned(envelope, from: queue)
    }

    package func bind(
        _ queue: QueueName, to group: GroupName, completion: @escaping @Sendable (Result<Void, RPCError>) -> Void
    ) {
        hub.bind(queue, to: group)
        completion(.success(()))
    }

    package func unbind(
        _ queue: QueueName, from group: GroupName, completion: @escaping @Sendable (Result<Void, RPCError>) -> Void
    ) {
        hub.unbind(queue, from: group)
        completion(.success(()))
    }

    package func publish(
        _ request: RPCRequest, to group: GroupName,
        confirmation: (@Sendable (Result<PublishOutcome, RPCError>) -> Void)?
    ) {
        let isRouted = hub.deliver(.request(request), to: group)
        confirmation?(.success(isRouted ? .routed : .unroutable))
    }

    package func announce(_ announcement: Announcement) {
        for receiver in hub.receivers(besides: node) { receiver.received(announcement) }
    }

    package func shutdown() async {
        hub.detach(node)
    }
}

import MqantRPC
import NIOCore

/// Stands between the transport at one of several brokers and the node: puts the broker into every name.
final class BrokerReceiver: TransportReceiver {
    private let broker: BrokerIndex
    /// This node.
    private let node: NodeID
    private let receiver: any TransportReceiver
    /// Told whether this broker can be heard; answers whether another cannot.
    private let isImpeded: @Sendable (Bool) -> Bool
    /// Told that this broker brought the node's own probe back; answers whether all others have as well.
    private let isEchoComplete: @Sendable () -> Bool

    init(
        broker: BrokerIndex, node: NodeID, receiver: any TransportReceiver,
        isImpeded: @escaping @Sendable (Bool) -> Bool,
        isEchoComplete: @escaping @Sendable () -> Bool
    ) {
        self.broker = broker
        self.node = node
        self.receiver = receiver
        self.isImpeded = isImpeded
        self.isEchoComplete = isEchoComplete
    }

    func received(_ envelope: Envelope, on queue: QueueName) {
        var envelope = envelope
        if case .request(var request) = envelope {
            request.replyTo = request.replyTo.map(broker.qualified)
            if request.function == SubscriptionRequest.function,
                let queue = request.headers[SubscriptionRequest.queueHeader]
            {
                request.headers[SubscriptionRequest.queueHeader] = broker.qualified(QueueName(queue)).rawValue
            }
            envelope = .request(request)
        }
        receiver.received(envelope, on: queue == .everybodys ? queue : broker.qualified(queue))
    }

    func returned(_ envelope: Envelope, from queue: QueueName) {
        receiver.returned(envelope, from: broker.qualified(queue))
    }

    func received(_ announcement: Announcement) {
        var announcement = qualified(announcement)
        announcement.others = announcement.others.filter { $0.node != node }.map(qualified)
        receiver.received(announcement)
    }

    private func qualified(_ announcement: Announcement) -> Announcement {
        var announcement = announcement
        announcement.name = announcement.node
        announcement.broker = broker.number
        announcement.replies = announcement.replies.map(broker.qualified)
        for index in announcement.instances.indices {
            announcement.instances[index].home = announcement.node
            announcement.instances[index].queue = broker.qualified(announcement.instances[index].queue)
        }
        announcement.node = broker.qualified(announcement.node)
        return announcement
    }

    func refused(_ request: RPCRequest, _ error: RPCError) { receiver.refused(request, error) }

    func vanished(_ queue: QueueName, probedAt: NIODeadline) {
        receiver.vanished(broker.qualified(queue), probedAt: probedAt)
    }

    func gone(_ node: NodeID, _ queues: [QueueName]) {
        receiver.gone(broker.qualified(node), queues.map(broker.qualified))
    }

    func told(_ claim: MembershipTable.Claim) {
        // Of this node itself it says so by its one name.
        var claim = claim
        if claim.node != node { claim.node = broker.qualified(claim.node) }
        receiver.told(claim)
    }

    func answered(_ node: NodeID) { receiver.answered(broker.qualified(node)) }

    func asked(by queue: QueueName?) { receiver.asked(by: queue.map(broker.qualified)) }

    func announcementsRestored() { receiver.announcementsRestored() }

    func refused(_ node: NodeID, host: String, version: Int) { receiver.refused(node, host: host, version: version) }

    func heardItself() {
        if isEchoComplete() { receiver.heardItself() }
    }

    func connectionChanged(_ change: ConnectionChange) {
        switch change {
        case .opened(let names):
            let names = names.map { (broker.qualified($0.key), broker.qualified($0.value)) }
            receiver.connectionChanged(.opened(renamed: Dictionary(names) { _, last in last }))
            // The node takes that for all being well.
            if isImpeded(false) { receiver.connectionChanged(.stalled(true)) }
        case .broke(let unwritten, _):
            _ = isImpeded(true)
            let broker = broker
            receiver.connectionChanged(
                .broke(unwritten: unwritten) { BrokerIndex.split($0).broker == broker })
        case .standby: receiver.connectionChanged(change)
        case .stalled(let isStalled):
            if !isImpeded(isStalled) || isStalled { receiver.connectionChanged(.stalled(isStalled)) }
        }
    }
}

package import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

/// What nodes tell each other of who is there (docs/wire.md#4-announcements).
extension RabbitMQTransport {
    package func announce(_ announcement: Announcement) {
        outbox.announce(announcement)
        wake()
    }

    package func introduce(_ announcement: Announcement, to queue: QueueName) {
        _ = append(OutboxEntry(.introduction(announcement), to: queue))
    }

    package func ask() { _ = append(OutboxEntry(.question, to: "")) }

    package func ask(_ queue: QueueName) { _ = append(OutboxEntry(.question, to: queue)) }

    package func report(_ proof: MembershipTable.Proof) {
        guard let body = WireGone(node: proof.node, queues: proof.queues).encoded else { return }
        _ = append(OutboxEntry(.gone(body), to: ""))
    }

    package func report(_ claim: MembershipTable.Claim, to queue: QueueName?) {
        guard let body = WireClaim(claim).encoded else { return }
        _ = append(OutboxEntry(.unreachable(body), to: queue ?? ""))
    }

    package func probe(_ queue: QueueName) { probe(queue, wantsAnswer: false) }

    package func probePeer(_ queue: QueueName) { probe(queue, wantsAnswer: true) }

    package func probeSelf() { probe(replyQueue, wantsAnswer: false) }

    private func probe(_ queue: QueueName, wantsAnswer: Bool) {
        // A broker that is not there, or takes no messages, tells nothing.
        guard isConnected, !isStalled else { return }
        _ = append(OutboxEntry(.probe(at: .now(), wantsAnswer: wantsAnswer), to: queue))
    }

    package func setBatchReaders(_ queues: Set<QueueName>) { readers.withLock { $0 = queues } }
}

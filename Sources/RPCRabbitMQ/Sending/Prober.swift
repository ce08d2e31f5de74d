import MqantRPC
import NIOCore

/// Sends probes: messages that come back if their queue is gone (docs/wire.md#4-announcements).
struct Prober: Sendable {
    let present: PresentSession
    let sender: EnvelopeSender

    /// Asks whether a queue exists.
    func probe(_ queue: QueueName) { probe(queue, wantsAnswer: false) }

    /// Asks whether the node of a queue answers, too.
    func probePeer(_ queue: QueueName) { probe(queue, wantsAnswer: true) }

    /// Asks whether this node can be heard, and hears itself.
    func probeSelf() {
        guard let session = present.session else { return }
        probe(session.names.replies, wantsAnswer: false)
    }

    /// Answers a probe.
    func answer(_ queue: QueueName) { sender.append(OutboxEntry(.answer, to: queue)) }

    private func probe(_ queue: QueueName, wantsAnswer: Bool) {
        // A broker that is not there, or takes no messages, tells nothing.
        guard let session = present.session, !session.isStalled else { return }
        sender.append(OutboxEntry(.probe(at: .now(), wantsAnswer: wantsAnswer), to: queue))
    }
}

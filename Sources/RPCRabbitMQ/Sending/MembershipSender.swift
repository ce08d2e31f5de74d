import MqantRPC

/// Sends what nodes tell each other of who is there (docs/wire.md#4-announcements).
struct MembershipSender: Sendable {
    let outbox: Outbox
    let sender: EnvelopeSender

    /// Tells all nodes; of several announcements that wait, the newest.
    func announce(_ announcement: Announcement) {
        outbox.announce(announcement)
        sender.wake()
    }

    func introduce(_ announcement: Announcement, to queue: QueueName) {
        sender.append(OutboxEntry(.introduction(announcement), to: queue))
    }

    /// Asks all nodes who they are.
    func ask() { ask("") }

    func ask(_ queue: QueueName) { sender.append(OutboxEntry(.question, to: queue)) }

    func report(_ proof: MembershipTable.Proof) {
        guard let body = WireGone(node: proof.node, queues: proof.queues).encoded else { return }
        sender.append(OutboxEntry(.gone(body), to: ""))
    }

    func report(_ claim: MembershipTable.Claim, to queue: QueueName?) {
        guard let body = WireClaim(claim).encoded else { return }
        sender.append(OutboxEntry(.unreachable(body), to: queue ?? ""))
    }
}

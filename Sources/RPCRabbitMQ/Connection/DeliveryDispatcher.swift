import Logging
import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

/// Reads what comes from the broker and hands it to the node, on the connection's thread: no further hop.
///
/// Whatever a peer sent that cannot be read is dropped and counted.
final class DeliveryDispatcher: Sendable {
    private struct Target {
        let receiver: any TransportReceiver
        /// Answers a probe, at a queue.
        let answer: @Sendable (QueueName) -> Void
    }

    private let node: NodeID
    private let statistics: TransportStatistics
    private let holders: IdHolders
    private let echo: AnnouncementEcho
    /// Guarded, though one thread's: every connection has a thread of its own.
    private let sessions = Mutex(SessionText())
    private let target = Mutex<Target?>(nil)

    init(node: NodeID, statistics: TransportStatistics, holders: IdHolders, echo: AnnouncementEcho) {
        self.node = node
        self.statistics = statistics
        self.holders = holders
        self.echo = echo
    }

    /// The node; nil before `start`, and after `stop`.
    var receiver: (any TransportReceiver)? { target.withLock { $0?.receiver } }

    /// - Parameter answer: answers a probe, at a queue.
    func start(_ receiver: any TransportReceiver, answer: @escaping @Sendable (QueueName) -> Void) {
        target.withLock { $0 = Target(receiver: receiver, answer: answer) }
    }

    func stop() { target.withLock { $0 = nil } }

    func received(_ deliveries: [Delivery], _ roles: [TextKey: QueueRole]) {
        guard let receiver else { return }
        let now = NIODeadline.now()
        for delivery in deliveries {
            let role = roles[TextKey(delivery.consumerTag)]
            if delivery.body.readableBytes == 0, delivery.properties.type == nil, role != nil {
                probed(delivery.properties, receiver)
                continue
            }
            switch role {
            case .replies:
                switch delivery.properties.type {
                case WireName.announcement, WireName.unreachable, WireName.question: announced(delivery, receiver, now)
                default:
                    forEach(in: delivery) { envelope in
                        guard let (reply, id) = envelope.reply() else { return statistics.countDrop(.malformed) }
                        receiver.received(.reply(reply, to: id, from: envelope.responder), on: "")
                    }
                }
            case .requests(let instance, let queue):
                instance.noteRequest(now: now)
                forEach(in: delivery) { envelope in
                    guard let request = sessions.withLock({ envelope.request(now: now, &$0) }) else {
                        return statistics.countDrop(.malformed)
                    }
                    statistics.countRequest()
                    receiver.received(.request(request), on: queue)
                }
            case .announcements:
                announced(delivery, receiver, now)
            case nil:
                statistics.countDrop(.unknownQueue)
            }
        }
    }

    /// A probe, or the answer to one.
    private func probed(_ properties: BasicProperties, _ receiver: any TransportReceiver) {
        if let queue = properties.replyTo {
            target.withLock { $0?.answer }?(QueueName(queue))
        } else if let name = properties.appID {
            if NodeID(name) == node { receiver.heardItself() } else { receiver.answered(NodeID(name)) }
        }
    }

    /// A message that this node sent to a queue that is gone: a request, a batch of them, or a probe.
    func returned(_ message: ReturnedMessage) {
        guard let receiver else { return }
        statistics.countReturn()
        let queue = QueueName(message.routingKey)
        if message.body.readableBytes == 0, message.properties.type == nil {
            holders.gone([queue])
            guard let time = message.properties.messageID.flatMap({ UInt64($0) }) else { return }
            return receiver.vanished(queue, probedAt: .uptimeNanoseconds(time))
        }
        forEach(in: message.properties, message.body) { envelope in
            guard let request = sessions.withLock({ envelope.request(now: .now(), &$0) }) else { return }
            receiver.returned(.request(request), from: queue)
        }
    }

    func skipped(_ message: SkippedMessage) { statistics.countDrop(.skipped) }

    func stalled(_ isStalled: Bool) { receiver?.connectionChanged(.stalled(isStalled)) }

    private func forEach(in delivery: Delivery, _ body: (WireEnvelope) -> Void) {
        forEach(in: delivery.properties, delivery.body, body)
    }

    private func forEach(in properties: BasicProperties, _ bytes: ByteBuffer, _ body: (WireEnvelope) -> Void) {
        guard properties.contentType == WireName.batch else {
            guard let envelope = WireEnvelope(properties, body: bytes) else {
                return statistics.countDrop(.contentType)
            }
            return body(envelope)
        }
        var rest = bytes
        while rest.readableBytes > 0 {
            guard let envelope = Batch.next(in: &rest, appID: properties.appID) else {
                return statistics.countDrop(.malformed)
            }
            body(envelope)
        }
    }

    private func announced(_ delivery: Delivery, _ receiver: any TransportReceiver, _ now: NIODeadline) {
        // The exchange copies to the sender too.
        guard delivery.properties.appID.map({ NodeID($0) }) != node else {
            return echo.heard(now: now)
        }
        switch delivery.properties.type {
        case WireName.question:
            receiver.asked(by: delivery.properties.replyTo.map { QueueName($0) })
        case WireName.announcement, WireName.formerAnnouncement:
            guard let wire = WireAnnouncement(delivery.body) else { return statistics.countDrop(.malformed) }
            guard wire.node != node else { return }
            guard wire.version == WireName.version, delivery.properties.type == WireName.announcement else {
                return receiver.refused(wire.node, host: wire.host ?? "", version: wire.version ?? 1)
            }
            holders.heard(wire, now: now)
            var announcement = wire
            announcement.instances.removeAll {
                holders.isOutranked($0.id, in: IdClaim.Rank(wire: $0.rank), of: wire.node, now: now)
            }
            receiver.received(announcement.announcement)
        case WireName.gone:
            guard let gone = WireGone(delivery.body) else { return statistics.countDrop(.malformed) }
            holders.gone(gone.queues)
            receiver.gone(gone.node, gone.queues)
        case WireName.unreachable:
            guard let wire = WireClaim(delivery.body) else { return statistics.countDrop(.malformed) }
            receiver.told(wire.claim)
        case GroupPush.function:
            // Of a program that has no queue, and cannot know the group's owner.
            guard let envelope = WireEnvelope(delivery.properties, body: delivery.body),
                let push = sessions.withLock({ envelope.request(now: now, &$0) })
            else { return statistics.countDrop(.malformed) }
            receiver.received(.request(push), on: .everybodys)
        default:
            statistics.countDrop(.malformed)
        }
    }
}

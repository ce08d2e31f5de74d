import MqantRPC
import MqantRabbitMQ
import NIOCore

extension Writer {
    /// Envelopes for one queue that will leave together.
    struct OpenBatch {
        private(set) var envelopes: [WireEnvelope] = []
        private(set) var entries: [OutboxEntry] = []
        private var weight = 0

        func fits(_ envelope: WireEnvelope, _ maximumBytes: Int) -> Bool {
            envelopes.count < Batch.maximumCount && weight + envelope.weight <= maximumBytes
        }

        mutating func append(_ envelope: WireEnvelope, _ entry: OutboxEntry) {
            envelopes.append(envelope)
            entries.append(entry)
            weight += envelope.weight
        }
    }

    /// What may share a message: confirmed requests travel on another channel than the rest.
    struct BatchKey: Hashable {
        var target: QueueName
        var isConfirmed: Bool
    }

    func write(_ batch: OpenBatch, to target: QueueName) throws(RabbitMQError) {
        guard let first = batch.envelopes.first, let entry = batch.entries.first else { return }
        guard batch.envelopes.count > 1 else { return try write(first, of: entry) }
        var body = ByteBufferAllocator().buffer(capacity: 16 * 1024)
        for envelope in batch.envelopes {
            Batch.append(envelope, isAppIDCommon: envelope.appID == first.appID, to: &body)
        }
        var properties = BasicProperties()
        properties.contentType = WireName.batch
        properties.appID = first.appID
        // The largest: the broker must not drop an envelope that somebody still waits for.
        if batch.envelopes.allSatisfy({ $0.timeout != nil }), let longest = batch.envelopes.compactMap(\.timeout).max()
        {
            properties.expiration = String(longest)
        }
        let message = OutgoingMessage(
            routingKey: ReplyAddress.queue(of: target), isMandatory: batch.entries.contains(where: \.isMandatory),
            properties: properties, body: body)
        try publish(message, of: batch.entries)
    }

    /// Writes an entry as a message of its own.
    func write(_ entry: OutboxEntry, _ now: NIODeadline) throws(RabbitMQError) {
        switch entry.content {
        case .request(let request), .confirmed(let request, _, _):
            try write(WireEnvelope(request, replyQueue: names.replies, node: node, now: now), of: entry)
        case .reply(let reply, let id, let instance):
            try write(WireEnvelope(reply, to: id, at: entry.target, from: instance), of: entry)
        case .probe(let time, let wantsAnswer):
            var properties = BasicProperties()
            properties.appID = node.rawValue
            if wantsAnswer { properties.replyTo = names.replies.rawValue }
            // It comes back with the message: what this node sent later is not the probe's concern.
            properties.messageID = String(time.uptimeNanoseconds)
            try queues.publish(
                OutgoingMessage(
                    routingKey: entry.target.rawValue, isMandatory: true, properties: properties, body: ByteBuffer()))
            statistics.countProbe()
        case .answer:
            var properties = BasicProperties()
            properties.appID = node.rawValue
            try queues.publish(
                OutgoingMessage(routingKey: entry.target.rawValue, properties: properties, body: ByteBuffer()))
        case .introduction(let announcement):
            guard let body = WireAnnouncement(announcement, replies: names.replies, rank: rank).encoded else { return }
            // One that is larger than any before goes to all first, which tries its size.
            guard trial.verdict(body.readableBytes) == .fits else { return statistics.countDrop(.unwritten) }
            try tell(entry.target, WireName.announcement, body)
        case .question: try tell(entry.target, WireName.question, ByteBuffer())
        case .gone(let body): try tell(entry.target, WireName.gone, body)
        case .unreachable(let body): try tell(entry.target, WireName.unreachable, body)
        }
    }

    /// Tells one node, or all, something of who is there.
    private func tell(_ queue: QueueName, _ type: String, _ body: ByteBuffer) throws(RabbitMQError) {
        var properties = BasicProperties()
        properties.type = type
        properties.appID = node.rawValue
        if body.readableBytes > 0 { properties.contentType = WireName.json }
        guard queue == "" else {
            return try queues.publish(
                OutgoingMessage(routingKey: queue.rawValue, properties: properties, body: body))
        }
        if type == WireName.question { properties.replyTo = names.replies.rawValue }
        echo.wrote(now: .now())
        try confirming.publish(
            OutgoingMessage(exchange: names.nodes, routingKey: "", properties: properties, body: body))
    }

    private func write(_ envelope: WireEnvelope, of entry: OutboxEntry) throws(RabbitMQError) {
        let message = OutgoingMessage(
            routingKey: ReplyAddress.queue(of: entry.target), isMandatory: entry.isMandatory,
            properties: envelope.properties, body: envelope.body)
        try publish(message, of: CollectionOfOne(entry))
    }

    /// Publishes to a queue. Where the entries are confirmed, the broker's one word on the message is told to each.
    private func publish(
        _ message: OutgoingMessage, of entries: some Collection<OutboxEntry>
    ) throws(RabbitMQError) {
        if entries.contains(where: \.isConfirmed) {
            // Without the bodies, which the broker's answer needs no more.
            let confirmations = entries.compactMap(\.confirmation)
            let queue = message.routingKey
            try confirming.publishConfirmed(message, timeout: confirmTimeout) { [statistics, rejected] result in
                let outcome = DeliveryOutcome(result)
                if case .returned = outcome { statistics.countReturn() }
                if case .success(.refused) = result { rejected(QueueName(queue)) }
                for confirmation in confirmations { confirmation(outcome) }
            }
        } else {
            try queues.publish(message)
        }
        statistics.countMessage(envelopes: entries.count)
    }

    /// Makes the confirming channel usable again, if it was the broker that closed it.
    func reopenConfirming() async throws {
        do {
            try await confirming.reopen()
        } catch let error as RabbitMQError where error.code == .invalidArgument {
            // It is open.
            return
        }
    }

    func write(_ announcement: Announcement, _ connection: Connection) {
        guard let message = message(announcement) else { return }
        let size = message.body.readableBytes
        switch trial.verdict(size) {
        case .fits: break
        case .unproven:
            outbox.announce(announcement)
            return trial.start(size) { try? connection.requestWrite() }
        case .exceeds:
            // It would close the channel, with all that is published there.
            return statistics.countDrop(.unwritten)
        }
        echo.wrote(now: .now())
        // If it cannot be written the connection is over, and the next one announces anew.
        do throws(RabbitMQError) { try confirming.publish(message) } catch { statistics.countDrop(.unwritten) }
    }

    /// Returns when the broker has given it to everybody. On any thread.
    func writeConfirmed(_ announcement: Announcement) async throws {
        guard let message = message(announcement) else { return }
        let size = message.body.readableBytes
        if trial.verdict(size) == .unproven { try await trial.test(size) }
        guard trial.verdict(size) == .fits else { return statistics.countDrop(.unwritten) }
        echo.wrote(now: .now())
        _ = try await confirming.publishConfirmed(message)
    }

    private func message(_ announcement: Announcement) -> OutgoingMessage? {
        var properties = BasicProperties()
        properties.contentType = WireName.json
        properties.type = WireName.announcement
        properties.appID = node.rawValue
        return WireAnnouncement(announcement, replies: names.replies, rank: rank).encoded.map { body in
            OutgoingMessage(exchange: names.nodes, routingKey: "", properties: properties, body: body)
        }
    }
}

extension OutboxEntry {
    /// Whether the broker shall say that the queue is gone. Nobody is left to tell of a reply.
    var isMandatory: Bool {
        if case .reply = content { false } else { true }
    }
}

extension DeliveryOutcome {
    /// What the broker's word, or its absence, means. A nack says nothing: a cluster nacks what it cannot hand to a
    /// node that is down, and a queue that is full may have room again.
    fileprivate init(_ result: Result<MqantRabbitMQ.PublishOutcome, any Error>) {
        self =
            switch result {
            case .success(.confirmed): .delivered
            case .success(.returned): .returned
            case .success(.refused), .failure: .unknown
            }
    }
}

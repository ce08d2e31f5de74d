import NIOCore
import RPC
import RabbitMQ

extension Writer {
    /// Envelopes for one queue that will leave together.
    struct OpenBatch {
        private(set) var envelopes: [WireEnvelope] = []
        private(set) var entries: [OutboxEntry] = []
        private var weight = 0

        func fits(_ envelope: WireEnvelope) -> Bool {
            envelopes.count < Batch.maximumCount && weight + envelope.weight <= Batch.maximumBytes
        }

        mutating func append(_ envelope: WireEnvelope, _ entry: OutboxEntry) {
            envelopes.append(envelope)
            entries.append(entry)
            weight += envelope.weight
        }
    }

    func write(_ batch: OpenBatch, to target: QueueName) throws(RabbitMQError) {
        guard let first = batch.envelopes.first else { return }
        guard batch.envelopes.count > 1 else {
            return try publish(first, to: target, isMandatory: batch.entries.first?.isMandatory ?? false)
        }
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
        try queues.publish(
            OutgoingMessage(
                routingKey: ReplyAddress.queue(of: target),
                isMandatory: batch.entries.contains(where: \.isMandatory), properties: properties, body: body))
        statistics.countMessage(envelopes: batch.envelopes.count)
    }

    /// Writes an entry as a message of its own.
    func write(_ entry: OutboxEntry, _ now: NIODeadline) throws(RabbitMQError) {
        switch entry.content {
        case .request(let request):
            let envelope = WireEnvelope(request, replyQueue: names.replies, node: node, now: now)
            try publish(envelope, to: entry.target, isMandatory: true)
        case .reply(let reply, let id, let instance):
            let envelope = WireEnvelope(reply, to: id, at: entry.target, from: instance)
            try publish(envelope, to: entry.target, isMandatory: false)
        case .probe(let time):
            var properties = BasicProperties()
            // It comes back with the message: what this node sent later is not the probe's concern.
            properties.messageID = String(time.uptimeNanoseconds)
            try queues.publish(
                OutgoingMessage(
                    routingKey: entry.target.rawValue, isMandatory: true, properties: properties, body: ByteBuffer()))
            statistics.countProbe()
        case .push(let request, let confirmation):
            try writePush(request, to: entry.target, confirmation, now)
        case .question:
            var properties = BasicProperties()
            properties.type = WireName.question
            properties.appID = node.rawValue
            try exchanges.publish(
                OutgoingMessage(exchange: names.nodes, routingKey: "", properties: properties, body: ByteBuffer()))
        case .gone(let body):
            var properties = BasicProperties()
            properties.contentType = WireName.json
            properties.type = WireName.gone
            properties.appID = node.rawValue
            try exchanges.publish(
                OutgoingMessage(exchange: names.nodes, routingKey: "", properties: properties, body: body))
        }
    }

    private func publish(
        _ envelope: WireEnvelope, to target: QueueName, isMandatory: Bool
    ) throws(RabbitMQError) {
        try queues.publish(
            OutgoingMessage(
                routingKey: ReplyAddress.queue(of: target), isMandatory: isMandatory, properties: envelope.properties,
                body: envelope.body))
        statistics.countMessage(envelopes: 1)
    }

    /// One publish, whatever the size of the group.
    private func writePush(
        _ request: RPCRequest, to group: QueueName, _ confirmation: OutboxEntry.Confirmation?, _ now: NIODeadline
    ) throws(RabbitMQError) {
        var request = request
        // The routing key says it.
        request.headers["group"] = nil
        let envelope = WireEnvelope(request, replyQueue: names.replies, node: node, now: now)
        let message = OutgoingMessage(
            exchange: names.groups, routingKey: group.rawValue, isMandatory: confirmation != nil,
            properties: envelope.properties, body: envelope.body)
        statistics.countMessage(envelopes: 1)
        guard let confirmation else { return try exchanges.publish(message) }
        // Written before this returns, in its place among the others; the task ends with the broker's answer, with the
        // connection, or at its timeout.
        Task.immediate { await confirm(message, confirmation) }
    }

    private func confirm(_ message: OutgoingMessage, _ confirmation: OutboxEntry.Confirmation) async {
        do {
            switch try await exchanges.publishConfirmed(message) {
            case .confirmed: confirmation(.success(.routed))
            case .returned: confirmation(.success(.unroutable))
            case .refused:
                confirmation(.failure(RPCError(.overloaded, "the broker refused the push", outcome: .notDelivered)))
            }
        } catch let error as RabbitMQError {
            confirmation(.failure(RPCError(error)))
        } catch {
            confirmation(.failure(RPCError(.cancelled, "the push was given up")))
        }
    }

    func write(_ announcement: Announcement) {
        guard let message = message(announcement) else { return }
        // If it cannot be written the connection is over, and the next one announces anew.
        do throws(RabbitMQError) { try exchanges.publish(message) } catch { statistics.countDrop(.unwritten) }
    }

    /// Returns when the broker has given it to everybody. On any thread.
    func writeConfirmed(_ announcement: Announcement) async throws {
        guard let message = message(announcement) else { return }
        _ = try await exchanges.publishConfirmed(message)
    }

    private func message(_ announcement: Announcement) -> OutgoingMessage? {
        var properties = BasicProperties()
        properties.contentType = WireName.json
        properties.type = WireName.announcement
        properties.appID = node.rawValue
        return WireAnnouncement(announcement, replies: names.replies).encoded.map { body in
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

extension RPCError {
    /// What an error of the broker's connection means to a caller.
    init(_ error: RabbitMQError) {
        let outcome: Outcome = error.outcome == .notSent ? .notDelivered : .unknown
        let code: Code =
            switch error.code {
            case .timeout: .timeout
            case .queueFull: .overloaded
            case .bodyTooLarge, .invalidArgument: .tooLarge
            default: .disconnected
            }
        self.init(code, error.description, outcome: outcome, underlyingError: error)
    }
}

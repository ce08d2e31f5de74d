import NIOCore
import RPC
import RabbitMQ

/// Turns what waits in the outbox into AMQP messages, at the last moment: what expired meanwhile is not written, and
/// envelopes for one queue that reads batches leave together (DESIGN §7).
///
/// Runs as the owner of the publishing connection: on its thread, or on that of a sender who found it asleep. Order holds
/// for each queue and each group.
struct Writer: Sendable {
    let node: NodeID
    let names: Names
    /// For everything that goes to a queue. A publish to the default exchange closes it only if the user may not do that,
    /// which is found out when the connection is opened.
    let queues: AMQPChannel
    /// For exchanges; confirming.
    let exchanges: AMQPChannel
    let outbox: Outbox
    let readers: BatchReaders
    let statistics: TransportStatistics
    let refuse: @Sendable (RPCRequest, RPCError) -> Void

    private static let chunkCount = 1024
    private static let chunkBytes = 256 * 1024

    /// Writes while there is room, and not for long: the thread has to read as well, however fast others go on asking.
    /// - Returns: whether it shall be called again for what waits.
    func write(_ connection: Connection) -> Bool {
        var left = Self.chunkCount
        while connection.hasRoom, left > 0 {
            let (announcement, entries) = outbox.take(maxCount: left, maxBytes: Self.chunkBytes)
            if let announcement { write(announcement) }
            guard !entries.isEmpty else { return false }
            left -= entries.count
            let unwritten = write(entries, .now())
            guard unwritten.isEmpty else {
                // A channel is closed, and the connection about to be: trying again would be in vain, and have no end.
                outbox.putBack(unwritten)
                return false
            }
        }
        return !outbox.isEmpty
    }

    /// Writes entries in order.
    /// - Returns: what has to wait for the next connection, in the same order.
    private func write(_ entries: [OutboxEntry], _ now: NIODeadline) -> [OutboxEntry] {
        guard let only = entries.first, entries.count == 1 else { return writeChunk(entries, now) }
        guard !isExpired(only, now: now) else { return [] }
        return attempt(entries) { () throws(RabbitMQError) in try write(only, now) }
    }

    /// The same, batching runs for one queue across entries for others: the order of each queue and each group is kept.
    private func writeChunk(_ entries: [OutboxEntry], _ now: NIODeadline) -> [OutboxEntry] {
        let readers = readers.queues
        var open: [QueueName: OpenBatch] = [:]
        var order: [QueueName] = []
        var unwritten: [OutboxEntry] = []
        func flush(_ target: QueueName) {
            guard let batch = open.removeValue(forKey: target) else { return }
            unwritten += attempt(batch.entries) { () throws(RabbitMQError) in try write(batch, to: target) }
        }
        for entry in entries {
            guard !isExpired(entry, now: now) else { continue }
            let target = entry.target
            guard let envelope = envelope(of: entry, now), readers.contains(target),
                envelope.weight <= Batch.maximumBytes
            else {
                flush(target)
                unwritten += attempt([entry]) { () throws(RabbitMQError) in try write(entry, now) }
                continue
            }
            if let batch = open[target], !batch.fits(envelope) { flush(target) }
            if open[target] == nil { order.append(target) }
            open[target, default: OpenBatch()].append(envelope, entry)
        }
        for target in order { flush(target) }
        return unwritten
    }

    private func isExpired(_ entry: OutboxEntry, now: NIODeadline) -> Bool {
        guard let deadline = entry.deadline, deadline <= now else { return false }
        let error = RPCError(.timeout, "the deadline passed before the broker took it", outcome: .notDelivered)
        switch entry.content {
        case .request(let request): refuse(request, error)
        case .push(_, let confirmation):
            statistics.countDrop(.unwritten)
            confirmation?(.failure(error))
        case .reply, .probe, .question, .gone: break
        }
        return true
    }

    /// What of an entry may share a message.
    private func envelope(of entry: OutboxEntry, _ now: NIODeadline) -> WireEnvelope? {
        switch entry.content {
        case .request(let request): WireEnvelope(request, replyQueue: names.replies, node: node, now: now)
        case .reply(let reply, let id, let instance): WireEnvelope(reply, to: id, at: entry.target, from: instance)
        case .probe, .push, .question, .gone: nil
        }
    }

    /// What was not written for its own fault is refused; for the connection's, it waits for the next.
    /// - Returns: what waits.
    private func attempt(_ entries: [OutboxEntry], _ body: () throws(RabbitMQError) -> Void) -> [OutboxEntry] {
        do throws(RabbitMQError) {
            try body()
            return []
        } catch {
            guard error.code == .invalidArgument || error.code == .bodyTooLarge else { return entries }
            refuse(entries, error)
            return []
        }
    }

    private func refuse(_ entries: [OutboxEntry], _ error: RabbitMQError) {
        for entry in entries {
            switch entry.content {
            case .request(let request):
                refuse(request, RPCError(.tooLarge, error.message, underlyingError: error))
            case .reply(_, let id, let instance):
                // The caller shall hear of it now, not at its deadline.
                statistics.countDrop(.unwritten)
                let substitute = RPCError(.tooLarge, "the result: \(error.message)", outcome: .answered)
                let entry = OutboxEntry(.reply(.failure(substitute), to: id, from: instance), to: entry.target)
                _ = attempt([]) { () throws(RabbitMQError) in try write(entry, .now()) }
            case .push(_, let confirmation):
                statistics.countDrop(.unwritten)
                confirmation?(.failure(RPCError(.tooLarge, error.message, underlyingError: error)))
            case .probe, .question, .gone:
                break
            }
        }
    }
}

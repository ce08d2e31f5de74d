import NIOCore
import RPC
import RabbitMQ

/// Turns what waits in the outbox into AMQP messages, at the last moment: what expired meanwhile is not written, and
/// envelopes for one queue that reads batches leave together (DESIGN §7).
///
/// Runs as the owner of the publishing connection: on its thread, or on that of a sender who found it asleep. Order holds for each queue and each group.
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

    /// Writes while there is room.
    /// - Returns: whether more waits.
    func write(_ connection: Connection) -> Bool {
        while connection.hasRoom {
            let (announcement, entries) = outbox.take(maxCount: Self.chunkCount, maxBytes: Self.chunkBytes)
            if let announcement { write(announcement) }
            guard !entries.isEmpty else { return false }
            let now = NIODeadline.now()
            if let only = entries.first, entries.count == 1 {
                if !isExpired(only, now: now) { attempt([only]) { () throws(RabbitMQError) in try write(only, now) } }
            } else {
                writeChunk(entries, now)
            }
        }
        return !outbox.isEmpty
    }

    /// Writes entries in order, batching runs for one queue across entries for others.
    private func writeChunk(_ entries: [OutboxEntry], _ now: NIODeadline) {
        let readers = readers.queues
        var open: [QueueName: OpenBatch] = [:]
        var order: [QueueName] = []
        func flush(_ target: QueueName) {
            guard let batch = open.removeValue(forKey: target) else { return }
            attempt(batch.entries) { () throws(RabbitMQError) in try write(batch, to: target) }
        }
        for entry in entries {
            guard !isExpired(entry, now: now) else { continue }
            let target = entry.target
            guard let envelope = envelope(of: entry, now), readers.contains(target),
                envelope.weight <= Batch.maximumBytes
            else {
                flush(target)
                attempt([entry]) { () throws(RabbitMQError) in try write(entry, now) }
                continue
            }
            if let batch = open[target], !batch.fits(envelope) { flush(target) }
            if open[target] == nil { order.append(target) }
            open[target, default: OpenBatch()].append(envelope, entry)
        }
        for target in order { flush(target) }
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

    private func attempt(_ entries: [OutboxEntry], _ body: () throws(RabbitMQError) -> Void) {
        do throws(RabbitMQError) {
            try body()
        } catch {
            undo(entries, error)
        }
    }

    /// What was not written for its own fault is refused; for the connection's, it waits for the next.
    private func undo(_ entries: [OutboxEntry], _ error: RabbitMQError) {
        guard error.code == .invalidArgument || error.code == .bodyTooLarge else { return outbox.putBack(entries) }
        for entry in entries {
            switch entry.content {
            case .request(let request):
                refuse(request, RPCError(.tooLarge, error.message, underlyingError: error))
            case .reply(_, let id, let instance):
                // The caller shall hear of it now, not at its deadline.
                statistics.countDrop(.unwritten)
                let substitute = RPCError(.tooLarge, "the result: \(error.message)", outcome: .answered)
                let entry = OutboxEntry(.reply(.failure(substitute), to: id, from: instance), to: entry.target)
                attempt([]) { () throws(RabbitMQError) in try write(entry, .now()) }
            case .push(_, let confirmation):
                statistics.countDrop(.unwritten)
                confirmation?(.failure(RPCError(.tooLarge, error.message, underlyingError: error)))
            case .probe, .question, .gone:
                break
            }
        }
    }
}

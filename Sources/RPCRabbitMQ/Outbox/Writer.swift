import MqantRPC
import MqantRabbitMQ
import NIOCore

/// Turns what waits in the outbox into AMQP messages, at the last moment: what expired meanwhile is not written, and
/// envelopes for one queue that reads batches leave together (docs/wire.md#8-batches).
///
/// Runs as the owner of the publishing connection: on its thread, or on that of a sender who found it asleep. Order holds
/// for each queue.
struct Writer: Sendable {
    let node: NodeID
    let names: TopologyNames
    /// For everything that goes to a queue. A publish to the default exchange closes it only if the user may not do that,
    /// which is found out when the connection is opened.
    let queues: AMQPChannel
    /// For all that goes to everybody, and for requests whose outcome is told.
    let confirming: AMQPChannel
    /// Knows how large a message the broker takes.
    let trial: SizeTrial
    let outbox: Outbox
    let readers: BatchReaders
    /// How long the broker's word on a confirmed request is awaited.
    let confirmTimeout: Duration
    let statistics: TransportStatistics
    let echo: AnnouncementEcho
    let refuse: @Sendable (RPCRequest, RPCError) -> Void
    /// Told of a queue for which the broker did not take a message.
    let rejected: @Sendable (QueueName) -> Void
    /// How strong this node's claim to an Id is at this moment; nil: it does not announce the Id.
    let rank: @Sendable (InstanceID) -> IdClaim.Rank?

    private static let chunkCount = 1024
    private static let chunkBytes = 256 * 1024

    /// Writes while there is room, and not for long: the thread has to read as well, however fast others go on asking.
    /// - Returns: whether it shall be called again for what waits.
    func write(_ connection: Connection) -> Bool {
        var left = Self.chunkCount
        while connection.hasRoom, left > 0, !trial.isRunning {
            let (announcement, entries) = outbox.take(maxCount: left, maxBytes: Self.chunkBytes)
            if let announcement { write(announcement, connection) }
            guard !entries.isEmpty else { return false }
            left -= entries.count
            let (known, unproven) = refuseOversized(entries)
            let unwritten = write(known, .now())
            // Their sender asked for this connection or none.
            for orphan in outbox.putBack(unwritten + unproven) { orphan.confirm(.unknown) }
            // A channel is closed, and the connection about to be, or the channel to be mended, which then asks for this:
            // trying again would be in vain, and have no end.
            guard unwritten.isEmpty else { return false }
            if let first = unproven.first {
                trial.start(first.bodySize) {
                    // If the connection is over, all that waits is for the next.
                    try? connection.requestWrite()
                }
            }
        }
        return !outbox.isEmpty && !trial.isRunning
    }

    /// Refuses what the broker does not take.
    /// - Returns: what can be written now, and what has to wait for a trial of the size of its first.
    private func refuseOversized(_ entries: [OutboxEntry]) -> (known: [OutboxEntry], unproven: [OutboxEntry]) {
        var known: [OutboxEntry] = []
        for (index, entry) in entries.enumerated() {
            let size = entry.bodySize
            switch trial.verdict(size) {
            case .fits: known.append(entry)
            case .unproven: return (known, Array(entries[index...]))
            case .exceeds(let limit):
                let text = "too large: \(size) bytes, and the broker takes \(limit) (max_message_size)"
                refuse([entry], RabbitMQError(.bodyTooLarge, text))
            }
        }
        return (known, [])
    }

    /// A batch is never larger than what the broker takes.
    private var maximumBatchBytes: Int { min(Batch.maximumBytes, trial.limit ?? .max) }

    /// Writes entries in order.
    /// - Returns: what has to wait for the next connection, in the same order.
    private func write(_ entries: [OutboxEntry], _ now: NIODeadline) -> [OutboxEntry] {
        guard let only = entries.first, entries.count == 1 else { return writeChunk(entries, now) }
        guard !isExpired(only, now: now) else { return [] }
        return attempt(entries) { () throws(RabbitMQError) in try write(only, now) }
    }

    /// The same, batching runs for one queue across entries for others: the order of each queue is kept.
    private func writeChunk(_ entries: [OutboxEntry], _ now: NIODeadline) -> [OutboxEntry] {
        let readers = readers.queues
        let maximumBytes = maximumBatchBytes
        var open: [BatchKey: OpenBatch] = [:]
        var order: [BatchKey] = []
        var unwritten: [OutboxEntry] = []
        func flush(_ key: BatchKey) {
            guard let batch = open.removeValue(forKey: key) else { return }
            unwritten += attempt(batch.entries) { () throws(RabbitMQError) in try write(batch, to: key.target) }
        }
        for entry in entries {
            guard !isExpired(entry, now: now) else { continue }
            let key = BatchKey(target: entry.target, isConfirmed: entry.isConfirmed)
            guard let envelope = envelope(of: entry, now), readers.contains(key.target),
                envelope.weight <= maximumBytes
            else {
                flush(key)
                unwritten += attempt([entry]) { () throws(RabbitMQError) in try write(entry, now) }
                continue
            }
            if let batch = open[key], !batch.fits(envelope, maximumBytes) { flush(key) }
            if open[key] == nil { order.append(key) }
            open[key, default: OpenBatch()].append(envelope, entry)
        }
        for key in order { flush(key) }
        return unwritten
    }

    private func isExpired(_ entry: OutboxEntry, now: NIODeadline) -> Bool {
        guard let deadline = entry.deadline, deadline <= now else { return false }
        let error = RPCError(.timeout, "the deadline passed before the broker took it", outcome: .notDelivered)
        switch entry.content {
        case .request(let request): refuse(request, error)
        case .confirmed: entry.confirm(.refused(error))
        case .reply, .probe, .answer, .introduction, .question, .gone, .unreachable: break
        }
        return true
    }

    /// What of an entry may share a message.
    private func envelope(of entry: OutboxEntry, _ now: NIODeadline) -> WireEnvelope? {
        switch entry.content {
        case .request(let request), .confirmed(let request, _, _):
            WireEnvelope(request, replyQueue: names.replies, node: node, now: now)
        case .reply(let reply, let id, let instance): WireEnvelope(reply, to: id, at: entry.target, from: instance)
        case .probe, .answer, .introduction, .question, .gone, .unreachable: nil
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
            case .confirmed:
                entry.confirm(.refused(RPCError(.tooLarge, error.message, underlyingError: error)))
            case .probe, .answer, .introduction, .question, .gone, .unreachable:
                break
            }
        }
    }
}

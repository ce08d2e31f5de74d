internal import NIOCore

/// The messages of one confirming channel that the broker has not answered yet (RabbitMQ's confirm.select).
///
/// Sequence numbers count from 1 per channel life and only grow, so the outstanding ones lie sorted in a queue.
/// A return precedes the ack of its message; it is recognised by its message id, which `publish` makes unique.
struct ConfirmLedger {
    private struct Entry {
        let sequence: UInt64
        let messageID: String
        let waiter: Waiter<PublishOutcome>?
        var returned: ReturnedMessage?
        var isSettled = false
    }

    private(set) var nextSequence: UInt64 = 1
    private var entries = CircularBuffer<Entry>()
    /// How many of the oldest nobody waits for any more. A broker may leave thousands unanswered for a minute: looking for
    /// the next deadline must not cost more with each of them.
    private var unawaited = 0

    var outstanding: Int { entries.reduce(0) { $1.isSettled ? $0 : $0 + 1 } }

    /// A message is being written. Every one of the channel must be counted, awaited or not.
    mutating func append(messageID: String, waiter: Waiter<PublishOutcome>?) {
        entries.append(Entry(sequence: nextSequence, messageID: messageID, waiter: waiter))
        nextSequence &+= 1
    }

    /// True: the message was one whose outcome somebody awaits, and the ack will tell them.
    mutating func returned(_ message: ReturnedMessage) -> Bool {
        guard let id = message.properties.messageID, !id.isEmpty, let index = index(of: id) else { return false }
        entries[index].returned = message
        return true
    }

    private func index(of id: String) -> CircularBuffer<Entry>.Index? {
        func isMeant(_ entry: Entry) -> Bool { entry.waiter != nil && entry.returned == nil && entry.messageID == id }
        // Unless the caller gave it an id, that is its number.
        if let sequence = UInt64(id), let index = index(of: sequence), isMeant(entries[index]) { return index }
        return entries.firstIndex(where: isMeant)
    }

    private func index(of sequence: UInt64) -> CircularBuffer<Entry>.Index? {
        guard let first = entries.first, sequence >= first.sequence, sequence - first.sequence < UInt64(entries.count)
        else { return nil }
        // Without gaps: the distance from the first is the distance of the numbers.
        return entries.index(entries.startIndex, offsetBy: Int(sequence - first.sequence))
    }

    /// basic.ack and basic.nack. A tag that was never given, or was answered already, changes nothing.
    mutating func settle(_ tag: UInt64, multiple: Bool, refused: Bool) {
        if multiple {
            // Tag zero: all so far.
            while let first = entries.first, tag == 0 || first.sequence <= tag {
                Self.finish(first, refused: refused)
                removeFirst()
            }
            return
        }
        guard let index = index(of: tag) else { return }
        Self.finish(entries[index], refused: refused)
        entries[index].isSettled = true
        while entries.first?.isSettled == true { removeFirst() }
    }

    private mutating func removeFirst() {
        entries.removeFirst()
        unawaited = max(0, unawaited - 1)
    }

    /// No more answers will come.
    mutating func failAll(_ error: RabbitMQError) {
        for entry in entries { entry.waiter?.fail(error) }
        entries.removeAll()
        unawaited = 0
    }

    /// Finds those who have waited until their deadline, and when the next one will have. An entry outlives its waiter's
    /// deadline, for the answer still comes and must be counted. A waiter that is late may be found again.
    mutating func late(_ now: MonotonicTime) -> (waiters: [Waiter<PublishOutcome>], next: MonotonicTime?) {
        var late: [Waiter<PublishOutcome>] = []
        var next: MonotonicTime?
        for entry in entries.dropFirst(unawaited) {
            if let waiter = entry.waiter, !entry.isSettled {
                if waiter.deadline <= now {
                    late.append(waiter)
                } else {
                    next = min(next ?? waiter.deadline, waiter.deadline)
                }
            }
            if next == nil { unawaited += 1 }
        }
        return (late, next)
    }

    private static func finish(_ entry: Entry, refused: Bool) {
        if entry.isSettled { return }
        if refused {
            entry.waiter?.succeed(.refused)
        } else if let message = entry.returned {
            entry.waiter?.succeed(.returned(message))
        } else {
            entry.waiter?.succeed(.confirmed)
        }
    }
}

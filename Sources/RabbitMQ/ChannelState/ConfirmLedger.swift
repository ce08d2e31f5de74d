internal import NIOCore

/// The messages of one confirming channel that the broker has not answered yet (RabbitMQ's confirm.select).
///
/// A value that tells nobody: it names the waiters, and its owner tells them. A waiter that is told may publish on the
/// same channel at once.
///
/// Sequence numbers count from 1 per channel life and only grow, so the outstanding ones lie sorted in a queue.
/// A return precedes the ack of its message; it is recognised by its message id, which `publish` makes unique.
struct ConfirmLedger {
    /// basic.ack or basic.nack. `tag` is the number of a message that was written before.
    struct Answer {
        fileprivate let tag: UInt64
        fileprivate let isMultiple: Bool
        fileprivate let isRefusal: Bool
    }

    /// A message that was answered.
    struct Settlement {
        /// nil: nobody awaits the outcome.
        let waiter: Waiter<PublishOutcome>?
        let outcome: PublishOutcome
    }

    private struct Entry {
        let sequence: UInt64
        let messageID: String
        let waiter: Waiter<PublishOutcome>?
        var returned: ReturnedMessage?
        var isSettled = false
    }

    private(set) var nextSequence: UInt64 = 1
    private var entries = CircularBuffer<Entry>()
    /// How many of the oldest nobody waits for any more. A broker may leave thousands unanswered for a minute: looking
    /// for the next deadline must not cost more with each of them.
    private var unawaited = 0

    var outstanding: Int { entries.reduce(0) { $1.isSettled ? $0 : $0 + 1 } }

    /// A message is being written. Every message of the channel must be counted, awaited or not.
    mutating func append(messageID: String, waiter: Waiter<PublishOutcome>?) {
        entries.append(Entry(sequence: nextSequence, messageID: messageID, waiter: waiter))
        nextSequence &+= 1
    }

    /// True: somebody awaits the outcome of this message, and the ack will tell it.
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

    /// An answer to the messages written so far, and to no later one. Tag 0 with `multiple` means all of them.
    func answer(_ tag: UInt64, multiple: Bool, refused: Bool) -> Answer {
        Answer(tag: multiple && tag == 0 ? nextSequence - 1 : tag, isMultiple: multiple, isRefusal: refused)
    }

    /// Takes out the next message that `answer` settles, and nil after the last one. A tag that was never given, or was
    /// answered already, settles nothing.
    mutating func settleNext(_ answer: Answer) -> Settlement? {
        if answer.isMultiple {
            while let first = entries.first, first.sequence <= answer.tag {
                removeFirst()
                if !first.isSettled { return Self.settlement(first, answer) }
            }
            return nil
        }
        guard let index = index(of: answer.tag), !entries[index].isSettled else { return nil }
        let settlement = Self.settlement(entries[index], answer)
        entries[index].isSettled = true
        while entries.first?.isSettled == true { removeFirst() }
        return settlement
    }

    private mutating func removeFirst() {
        entries.removeFirst()
        unawaited = max(0, unawaited - 1)
    }

    private static func settlement(_ entry: Entry, _ answer: Answer) -> Settlement {
        let outcome: PublishOutcome =
            if answer.isRefusal {
                .refused
            } else if let message = entry.returned {
                .returned(message)
            } else {
                .confirmed
            }
        return Settlement(waiter: entry.waiter, outcome: outcome)
    }

    /// Everybody who awaits an outcome that will not come.
    var waiters: [Waiter<PublishOutcome>] { entries.compactMap { $0.isSettled ? nil : $0.waiter } }

    /// Finds the waiters whose deadline has passed, and the next deadline. An entry outlives its waiter's deadline,
    /// because its answer still comes and must be counted. A late waiter may be found again.
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
}

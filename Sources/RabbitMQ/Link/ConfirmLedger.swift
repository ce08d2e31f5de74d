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

    var outstanding: Int { entries.reduce(0) { $1.isSettled ? $0 : $0 + 1 } }

    /// A message is being written. Every one of the channel must be counted, awaited or not.
    mutating func append(messageID: String, waiter: Waiter<PublishOutcome>?) {
        entries.append(Entry(sequence: nextSequence, messageID: messageID, waiter: waiter))
        nextSequence &+= 1
    }

    /// True: the message was one whose outcome somebody awaits, and the ack will tell them.
    mutating func returned(_ message: ReturnedMessage) -> Bool {
        guard let id = message.properties.messageID, !id.isEmpty,
            let index = entries.firstIndex(where: { $0.waiter != nil && $0.returned == nil && $0.messageID == id })
        else { return false }
        entries[index].returned = message
        return true
    }

    /// basic.ack and basic.nack. A tag that was never given, or was answered already, changes nothing.
    mutating func settle(_ tag: UInt64, multiple: Bool, refused: Bool) {
        if multiple {
            // Tag zero: all so far.
            while let first = entries.first, tag == 0 || first.sequence <= tag {
                Self.finish(first, refused: refused)
                entries.removeFirst()
            }
            return
        }
        guard let first = entries.first, tag >= first.sequence, tag - first.sequence < UInt64(entries.count) else {
            return
        }
        // Without gaps: the distance from the first is the distance of the numbers.
        let index = entries.index(entries.startIndex, offsetBy: Int(tag - first.sequence))
        Self.finish(entries[index], refused: refused)
        entries[index].isSettled = true
        while entries.first?.isSettled == true { entries.removeFirst() }
    }

    /// No more answers will come.
    mutating func failAll(_ error: RabbitMQError) {
        for entry in entries { entry.waiter?.fail(error) }
        entries.removeAll()
    }

    /// Those who still wait. An entry outlives its waiter's deadline, for the answer still comes and must be counted.
    var waiters: some Sequence<Waiter<PublishOutcome>> {
        entries.lazy.compactMap { $0.isSettled ? nil : $0.waiter }
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

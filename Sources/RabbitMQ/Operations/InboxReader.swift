/// The owner thread's side of an inbox: takes operations out, and tells the inbox which ones are done.
///
/// Not Sendable: the owner thread's.
struct InboxReader {
    private let inbox: Inbox
    private var scratch: [Operation] = []
    /// Done since the inbox was last told.
    private var doneCount = 0
    private var doneBytes = 0

    init(_ inbox: Inbox) {
        self.inbox = inbox
    }

    /// Takes what was queued. `giveBack` the array afterwards: its memory serves the next ones.
    mutating func take() -> (operations: [Operation], isWriteRequested: Bool) {
        var operations: [Operation] = []
        swap(&operations, &scratch)
        let isWriteRequested = inbox.take(into: &operations, releasing: doneCount, doneBytes)
        (doneCount, doneBytes) = (0, 0)
        return (operations, isWriteRequested)
    }

    mutating func giveBack(_ operations: consuming [Operation]) {
        operations.removeAll(keepingCapacity: operations.capacity <= 4096)
        scratch = operations
    }

    /// The operation no longer takes room in the bounded queue.
    mutating func done(_ operation: Operation) {
        let weight = operation.weight
        doneCount += weight.count
        doneBytes += weight.bytes
    }

    /// Tells the inbox what is done, so that its bounds are exact while the owner sleeps.
    /// - Returns: whether nothing new is queued.
    mutating func settle() -> Bool {
        defer { (doneCount, doneBytes) = (0, 0) }
        return inbox.release(doneCount, doneBytes)
    }

    /// Queues an operation of the owner thread itself.
    func append(_ operation: Operation) throws(RabbitMQError) { try inbox.append(operation) }

    /// From now on the inbox refuses everything with `error`. Returns what had been queued.
    func close(_ error: RabbitMQError) -> [Operation] { inbox.close(error) }
}

/// The owner thread's side of all that is to be written: takes operations out of the inbox, does those for which there
/// is room, and keeps the others in order. After goodbye it refuses.
///
/// Errors mean that the connection is lost, except for those of `admit`. Not Sendable: the owner thread's.
final class PublishQueue {
    private let transport: any FrameTransport
    private let outputLimit: Int
    private let channels: ChannelTable
    private let operations: OperationDispatcher
    private var inbox: InboxReader
    private var held = HeldOperations()
    private var deadlines = Deadlines()
    /// connection.blocked: messages wait.
    var isBlocked = false
    /// Awaits connection.close-ok; nil: connection.close was not sent.
    private(set) var goodbye: Waiter<Reply>?

    init(_ inbox: Inbox, operations: OperationDispatcher, outputLimit: Int) {
        self.inbox = InboxReader(inbox)
        self.operations = operations
        channels = operations.channels
        transport = operations.writer.transport
        self.outputLimit = outputLimit
    }

    private var room: HeldOperations.Room {
        HeldOperations.Room(isBlocked: isBlocked, pendingBytes: transport.pendingBytes, limit: outputLimit)
    }

    /// Whether a message that comes now is written rather than held back.
    var takesMessages: Bool { held.admitsMessage(room) }

    // MARK: From other threads

    /// See `InboxReader`.
    func take() -> (operations: [Operation], isWriteRequested: Bool) { inbox.take() }

    /// See `InboxReader`.
    func giveBack(_ operations: consuming [Operation]) { inbox.giveBack(operations) }

    /// Does what was held back, as far as there is room now.
    func resume() throws(RabbitMQError) {
        while let next = held.next(room) { try perform(next) }
    }

    /// Does an operation, or keeps it until it can be done.
    func accept(_ operation: Operation) throws(RabbitMQError) {
        guard goodbye == nil else {
            return refuse(operation, RabbitMQError(.closedLocally, "the connection was closed"))
        }
        if let deadline = operation.deadline { deadlines.note(deadline) }
        if !held.hold(operation, room) { try perform(operation) }
    }

    /// Keeps an operation that will not be done, for `end`.
    func keep(_ operation: Operation) { held.keep(operation) }

    private func perform(_ operation: Operation) throws(RabbitMQError) {
        inbox.done(operation)
        do throws(RabbitMQError) {
            if case .close(let waiter) = operation {
                refuseAll(RabbitMQError(.closedLocally, "the connection was closed"))
                goodbye = waiter
                try operations.writer.closeConnection()
            } else {
                try operations.perform(operation)
            }
        } catch {
            // The connection is lost. Its caller must be told, however far the operation came.
            operation.refuse(error)
            throw error
        }
    }

    private func refuse(_ operation: Operation, _ error: RabbitMQError) {
        inbox.done(operation)
        operations.refuse(operation, error)
    }

    private func refuseAll(_ error: RabbitMQError) {
        for operation in held.takeAll() { refuse(operation, error) }
    }

    // MARK: From the owner thread itself

    /// The channel, if a message or an acknowledgement may be written on it at once. If not, `operation` waits its turn
    /// in the inbox, whose bounds count held operations too.
    ///
    /// Throws if it can never be sent: the channel is closed, or the inbox is full.
    func admit(_ id: ChannelID, isMessage: Bool, else operation: @autoclosure () -> Operation) throws(RabbitMQError)
        -> ChannelState?
    {
        let channel = try channels.open(id)
        if isMessage ? held.admitsMessage(room) : held.admitsMethod(room) { return channel }
        try inbox.append(operation())
        return nil
    }

    // MARK: Waiting

    /// Somebody waits until then.
    func note(_ deadline: MonotonicTime) { deadlines.note(deadline) }

    var earliestDeadline: MonotonicTime { min(deadlines.earliest, goodbye?.deadline ?? .distantFuture) }

    /// Tells everybody whose deadline has passed.
    func expire(_ now: MonotonicTime) { deadlines.late(now, channels, held).tell() }

    /// Whether a pass that begins now finds something to do. Tells the inbox what is done, so that its bounds are exact
    /// while the loop sleeps.
    /// - Parameter isWriteWanted: whether the layer above would write, too.
    func hasWork(isWriteWanted: Bool) -> Bool {
        if !inbox.settle() { return true }
        let (room, awaitsSocket) = (room, transport.awaitsSocket)
        return held.hasNext(room, awaitsSocket: awaitsSocket)
            || (isWriteWanted && room.takesMessagesSoon(awaitsSocket: awaitsSocket))
    }

    /// The connection is over: refuses all that was not written, and all that comes later.
    func end(_ error: RabbitMQError) {
        refuseAll(error)
        for operation in inbox.close(error.with(outcome: .notSent)) { refuse(operation, error) }
        goodbye?.succeed(.done)
    }
}

internal import NIOCore

/// The publish queue: operations that wait for the socket, or messages that wait for a broker that blocks.
///
/// A value that decides what may be written now; its owner writes. Messages keep their order, and so do methods. A
/// method may overtake messages, because a broker that blocks publishers still answers methods.
struct HeldOperations {
    /// The room that the output has.
    struct Room {
        /// connection.blocked: the broker takes no messages.
        let isBlocked: Bool
        /// Bytes that the socket has not taken yet.
        let pendingBytes: Int
        /// Bytes above which messages wait.
        let limit: Int

        var takesMessages: Bool { !isBlocked && pendingBytes < limit }
        /// Methods are small, but a socket that takes nothing must not make the output grow forever.
        var takesMethods: Bool { pendingBytes < 2 * limit }

        /// Whether the next pass begins with room for messages: it does if nothing is left for the socket to take.
        func takesMessagesSoon(awaitsSocket: Bool) -> Bool { takesMessages || (!isBlocked && !awaitsSocket) }
    }

    private var messages = CircularBuffer<Operation>()
    private var methods = CircularBuffer<Operation>()

    var hasMessages: Bool { !messages.isEmpty }

    /// Keeps an operation that cannot be done now.
    /// - Returns: false if it can be done now.
    mutating func hold(_ operation: Operation, _ room: Room) -> Bool {
        if operation.isPublish {
            if messages.isEmpty, room.takesMessages { return false }
            messages.append(operation)
        } else {
            if methods.isEmpty, room.takesMethods, !mustFollowMessages(operation, room) { return false }
            methods.append(operation)
        }
        return true
    }

    /// Keeps an operation that will not be done, for the end of the connection.
    mutating func keep(_ operation: Operation) { messages.append(operation) }

    /// Whether a message that comes now may be written at once.
    func admitsMessage(_ room: Room) -> Bool { messages.isEmpty && room.takesMessages }

    /// Whether an acknowledgement that comes now may be written at once.
    func admitsMethod(_ room: Room) -> Bool { methods.isEmpty && room.takesMethods }

    /// Takes out the next operation that may be done now.
    mutating func next(_ room: Room) -> Operation? {
        if let method = methods.first, room.takesMethods, !mustFollowMessages(method, room) {
            return methods.removeFirst()
        }
        return room.takesMessages ? messages.popFirst() : nil
    }

    /// Whether a pass that begins now would find something to do.
    /// - Parameter awaitsSocket: whether the output waits for the socket.
    func hasNext(_ room: Room, awaitsSocket: Bool) -> Bool {
        if let method = methods.first, !mustFollowMessages(method, room), room.takesMethods || !awaitsSocket {
            return true
        }
        return hasMessages && room.takesMessagesSoon(awaitsSocket: awaitsSocket)
    }

    /// Goodbye leaves after the messages that wait for the socket. It does not wait for a broker that blocks: that may
    /// take hours.
    private func mustFollowMessages(_ operation: Operation, _ room: Room) -> Bool {
        if case .close = operation { hasMessages && !room.isBlocked } else { false }
    }

    /// Finds the operations whose deadline has passed, and the next deadline. They stay, and their turn finds nobody
    /// waiting.
    func late(_ now: MonotonicTime) -> (operations: [Operation], next: MonotonicTime) {
        var late: [Operation] = []
        var next = MonotonicTime.distantFuture
        for operation in [methods, messages].joined() {
            guard let deadline = operation.deadline else { continue }
            if deadline <= now { late.append(operation) } else { next = min(next, deadline) }
        }
        return (late, next)
    }

    /// Takes everything out, for the end of the connection.
    mutating func takeAll() -> [Operation] {
        defer {
            methods.removeAll()
            messages.removeAll()
        }
        return Array(methods) + Array(messages)
    }
}

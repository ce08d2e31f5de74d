import NIOCore

/// The one timer that stands for all deadlines of a node. A pure value: who set a deadline arms the timer for it,
/// outside of the lock.
struct DeadlineTimer<Handle: Sendable>: Sendable {
    private var handle: Handle?
    /// When the timer fires, armed already or about to be.
    private var due = NIODeadline.distantFuture

    /// Asks the timer to fire at a time.
    /// - Returns: whether it has to be armed for it; it fires early enough otherwise.
    mutating func fire(by deadline: NIODeadline) -> Bool {
        guard deadline < due else { return false }
        due = deadline
        return true
    }

    /// The timer was armed for a time.
    /// - Returns: what to cancel. A timer may have fired before it is noted down here, and another been armed since: it
    ///   then replaces nothing.
    mutating func armed(_ handle: Handle, for deadline: NIODeadline) -> Handle? {
        guard due == deadline else { return handle }
        defer { self.handle = handle }
        return self.handle
    }

    /// The timer fired, and is needed next at this time.
    mutating func fired(next: NIODeadline?) {
        handle = nil
        due = next ?? .distantFuture
    }

    /// Nothing is to fire any more.
    /// - Returns: what to cancel.
    mutating func stop() -> Handle? {
        due = .distantFuture
        return handle.take()
    }
}

/// The functions that a connection calls, one at a time and in the order of the wire, on the owner thread (`write` also
/// on a thread that asks for it). A handler that blocks stops the connection: long work belongs on another thread.
///
/// Messages and acknowledgements that a handler publishes skip the queue and leave in the same system call.
package struct ConnectionHandlers: Sendable {
    /// Messages for consumers, many at a time, never none.
    package var deliveries: @Sendable ([Delivery]) -> Void
    package var event: @Sendable (ConnectionEvent) -> Void
    /// Asked for messages after `Connection.requestWrite()`, whenever the connection can take some: not blocked, little
    /// in its buffer. Publishes while `Connection.hasRoom`, but not for long: nothing else is done meanwhile. Returns
    /// whether it has more, and is then asked again. May run within `requestWrite()`, so that must not be called with a
    /// lock held that this takes.
    ///
    /// For a layer that has a bounded queue of its own and wants to decide at the last moment what is still worth
    /// sending, and what can travel together.
    package var write: (@Sendable (Connection) -> Bool)?

    package init(
        deliveries: @escaping @Sendable ([Delivery]) -> Void,
        event: @escaping @Sendable (ConnectionEvent) -> Void,
        write: (@Sendable (Connection) -> Bool)? = nil
    ) {
        self.deliveries = deliveries
        self.event = event
        self.write = write
    }
}

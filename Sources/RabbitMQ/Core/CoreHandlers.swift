/// The functions that a `ConnectionCore` calls: the handlers of its user. `write` is bound to the connection's handle,
/// which the core does not know.
struct CoreHandlers {
    let deliveries: ([Delivery]) -> Void
    let event: (ConnectionEvent) -> Void
    /// Lets the layer above write. Returns whether it has more.
    let write: (() -> Bool)?
    /// The core is about to be dropped.
    let ended: () -> Void
}

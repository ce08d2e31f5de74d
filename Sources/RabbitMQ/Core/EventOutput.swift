/// Hands deliveries out in batches, and events between them in the order of the wire.
///
/// A class, because a handler may cause the next event. Not Sendable: the owner thread's.
final class EventOutput {
    private static let largestBatch = 256

    private let handlers: CoreHandlers
    private var batch: [Delivery] = []

    init(_ handlers: CoreHandlers) {
        self.handlers = handlers
    }

    func append(_ delivery: Delivery) {
        batch.append(delivery)
        if batch.count >= Self.largestBatch { flush() }
    }

    /// Hands out the deliveries that were collected.
    func flush() {
        guard !batch.isEmpty else { return }
        var full: [Delivery] = []
        swap(&full, &batch)
        handlers.deliveries(full)
        // Its memory serves the next batch, unless the handler kept the array.
        full.removeAll(keepingCapacity: true)
        if batch.isEmpty { swap(&full, &batch) }
    }

    func emit(_ event: ConnectionEvent) {
        flush()
        handlers.event(event)
    }
}

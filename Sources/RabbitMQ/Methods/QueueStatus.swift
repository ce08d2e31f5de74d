/// queue.declare-ok.
package struct QueueStatus: Sendable, Hashable {
    package var name: String
    /// Messages ready for delivery.
    package var messageCount: UInt32
    package var consumerCount: UInt32
}

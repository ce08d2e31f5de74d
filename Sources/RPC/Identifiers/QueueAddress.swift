/// Where an incarnation is reached at present.
struct QueueAddress: Hashable, Sendable, Codable {
    var queue: QueueName
    /// Grows with the queues that the incarnation has had, so that a message which was overtaken is known as old.
    var generation: UInt64

    init(_ queue: QueueName, generation: UInt64) {
        self.queue = queue
        self.generation = generation
    }
}

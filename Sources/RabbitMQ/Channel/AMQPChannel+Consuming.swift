extension AMQPChannel {
    /// How many unsettled messages the broker sends ahead; 0: any number. Concerns consumers started afterwards, each
    /// for itself: RabbitMQ 4.3 no longer has a count that a channel's consumers share.
    package func setPrefetch(_ count: UInt16, timeout: Duration = .seconds(10)) async throws {
        try await ask([.qos(prefetchCount: count)], timeout)
    }

    /// Starts a consumer and returns its tag. Deliveries may come before this returns.
    @discardableResult
    package func consume(
        _ queue: String, _ options: ConsumerOptions = ConsumerOptions(), timeout: Duration = .seconds(10)
    ) async throws -> String {
        guard case .consumer(let tag) = try await ask([.consume(queue: queue, options)], timeout) else {
            throw wrongAnswer()
        }
        return tag
    }

    /// Ends a consumer. What the broker had sent before its answer is still delivered.
    package func cancel(consumer tag: String, timeout: Duration = .seconds(10)) async throws {
        try await ask([.cancel(tag: tag)], timeout)
    }

    /// Settles a delivery of this channel; `multiple`: all up to it. Returns before it is written. A tag of before a
    /// reopening closes the channel with 406.
    package func acknowledge(_ deliveryTag: UInt64, multiple: Bool = false) throws(RabbitMQError) {
        try tell(.acknowledge(deliveryTag, multiple: multiple))
    }

    /// Gives a delivery back (`requeue`), or has it dropped or dead-lettered.
    package func reject(
        _ deliveryTag: UInt64, multiple: Bool = false, requeue: Bool
    ) throws(RabbitMQError) {
        try tell(.reject(deliveryTag, multiple: multiple, requeue: requeue))
    }

    private func tell(_ request: Request) throws(RabbitMQError) {
        if let core = connection.onOwner {
            try core.tell(request, on: id)
        } else {
            try connection.submit(.tell(id, request))
        }
    }
}

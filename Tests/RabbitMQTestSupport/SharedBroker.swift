/// One broker for all tests of a process that do it no harm: starting one takes seconds.
package actor SharedBroker {
    private static let instance = SharedBroker()
    private var starting: Task<RabbitMQBroker, any Error>?

    /// Starts it on the first call. It ends with the process.
    package static func get() async throws -> RabbitMQBroker {
        try await instance.broker()
    }

    private func broker() async throws -> RabbitMQBroker {
        if let starting { return try await starting.value }
        let task = Task {
            var options = RabbitMQBroker.Options()
            options.withTLS = true
            return try await RabbitMQBroker.start(options)
        }
        starting = task
        return try await task.value
    }
}

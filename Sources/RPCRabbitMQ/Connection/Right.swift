import MqantRabbitMQ

/// What the broker lets a user do with a queue or an exchange: one of the three patterns of `rabbitmqctl set_permissions`.
enum Right: String {
    case configure, write, read

    /// Does what needs this right. A refusal then names it: RabbitMQ names only the thing.
    @discardableResult
    func use<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as RabbitMQError where error.isForbidden {
            throw lacking(error)
        }
    }

    /// Binds, which takes writing to the queue and reading from the exchange.
    static func useBoth(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as RabbitMQError where error.isForbidden {
            let isOfExchange = error.replyText?.contains("access to exchange") ?? false
            throw (isOfExchange ? Right.read : .write).lacking(error)
        }
    }

    private func lacking(_ error: RabbitMQError) -> RabbitMQError {
        var error = error
        error.message = "the user lacks the \(rawValue) permission"
        return error
    }
}

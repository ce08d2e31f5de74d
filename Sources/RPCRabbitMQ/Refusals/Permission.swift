import MqantRabbitMQ

/// A permission of the broker's user for a queue or an exchange: one of the three patterns of
/// `rabbitmqctl set_permissions`.
enum Permission: String {
    case configure, write, read

    /// Runs what needs this permission. RabbitMQ's refusal names only the queue or the exchange: this adds the permission.
    @discardableResult
    func use<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as RabbitMQError where error.isForbidden {
            throw lacking(error)
        }
    }

    /// Runs a binding, which needs to write to the queue and to read from the exchange.
    static func useBoth(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as RabbitMQError where error.isForbidden {
            let isOfExchange = error.replyText?.contains("access to exchange") ?? false
            throw (isOfExchange ? Permission.read : .write).lacking(error)
        }
    }

    private func lacking(_ error: RabbitMQError) -> RabbitMQError {
        var error = error
        error.message = "the user lacks the \(rawValue) permission"
        return error
    }
}

import Logging
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// A connection for the length of a test, closed whatever happens.
func withConnection<Result>(
    to uris: [String], _ adjust: (inout Connection.Configuration) -> Void = { _ in }, on loop: ConnectionLoop? = nil,
    recorder: Recorder = Recorder(), _ body: (Connection, Recorder) async throws -> Result
) async throws -> Result {
    var configuration = try Connection.Configuration(uris: uris)
    adjust(&configuration)
    let connection = try await Connection.open(configuration, on: loop, handlers: recorder.handlers)
    do {
        let result = try await body(connection, recorder)
        await connection.close()
        return result
    } catch {
        await connection.close()
        throw error
    }
}

/// The same at the broker that all tests share.
func withConnection<Result>(
    _ adjust: (inout Connection.Configuration) -> Void = { _ in },
    _ body: (Connection, Recorder) async throws -> Result
) async throws -> Result {
    try await withConnection(to: [SharedBroker.get().uri()], adjust, body)
}

extension AMQPChannel {
    /// An exclusive queue named by the broker.
    func temporaryQueue() async throws -> String {
        var queue = QueueDeclaration(name: "")
        queue.isExclusive = true
        queue.arguments = ["x-queue-type": "classic"]
        return try await declareQueue(queue).name
    }
}

/// The error that `body` throws, which must be a `RabbitMQError`.
func rabbitMQError(_ body: () async throws -> Void) async throws -> RabbitMQError {
    do {
        try await body()
    } catch let error as RabbitMQError {
        return error
    }
    throw Recorder.TimedOut(description: "nothing was thrown")
}

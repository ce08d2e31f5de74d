import Foundation
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore

/// Two nodes that answer no call (docs/wire.md §4): when a visitor announces itself, `silent` does so once, and `mute` from
/// then on.
final class QuietNodes: Sendable {
    private let connection: MqantRabbitMQ.Connection
    private let repeating: Task<Void, any Error>

    /// - Parameter exchange: `Rabbitmq.Exchange` of the cluster.
    init(exchange: String) async throws {
        let visitors = AsyncStream<Void>.makeStream()
        connection = try await MqantRabbitMQ.Connection.open(
            MqantRabbitMQ.Connection.Configuration(uris: [SharedBroker.get().uri()]),
            handlers: ConnectionHandlers(
                deliveries: { batch in
                    if batch.contains(where: { $0.properties.appID?.hasPrefix("visitor-") == true }) {
                        visitors.continuation.yield()
                    }
                },
                event: { _ in }))
        let channel = try await connection.openChannel()
        var names: [String] = []
        for _ in 0..<3 {
            var queue = QueueDeclaration(name: "")
            queue.isExclusive = true
            names.append(try await channel.declareQueue(queue).name)
        }
        let (mute, silent) = (names[0], names[1])
        try await channel.bind([QueueBinding(queue: names[2], exchange: "\(exchange).nodes", routingKey: "")])
        try await channel.consume(names[2])
        // No process has the name of a former one.
        let run = String(UInt64.random(in: .min ... .max), radix: 16)
        @Sendable func announce(_ name: String, queue: String, sequence: Int) throws {
            var properties = BasicProperties()
            properties.type = "member"
            properties.contentType = "application/json"
            properties.appID = "\(name)-\(run)"
            let body = """
                { "version": 2, "node": "\(name)-\(run)", "host": "10.9.9.9", "sequence": \(sequence), "instances": [
                  { "id": "\(name):Quiet", "type": "Quiet", "queue": "\(queue)" } ] }
                """
            let message = OutgoingMessage(
                exchange: "\(exchange).nodes", routingKey: "", properties: properties, body: ByteBuffer(string: body))
            try channel.publish(message)
        }
        repeating = Task {
            for await _ in visitors.stream {
                try announce("silent", queue: silent, sequence: 1)
                for sequence in 1... {
                    try announce("mute", queue: mute, sequence: sequence)
                    // The beat of a node: others take silence for its end.
                    try await Task.sleep(for: .milliseconds(300))
                }
            }
        }
    }

    func close() async {
        repeating.cancel()
        _ = await repeating.result
        await connection.close()
    }
}

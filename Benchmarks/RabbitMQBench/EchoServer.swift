import Glibc
import MqantRabbitMQ
import NIOCore

/// Answers every request with 80 bytes, from the owner thread: publishing and consuming connection share it.
struct EchoServer {
    let uri: String
    let queue: String

    func run() async throws {
        let loop = try ConnectionLoop(name: "server")
        let configuration = try Connection.Configuration(uris: [uri])
        let silent = ConnectionHandlers(deliveries: { _ in }, event: { _ in })
        let publisher = try await Connection.open(configuration, on: loop, handlers: silent)
        let replies = try await publisher.openChannel()
        let body = ByteBuffer(repeating: UInt8(ascii: "r"), count: 80)
        let (ended, end) = AsyncStream<Void>.makeStream()
        let handlers = ConnectionHandlers(
            deliveries: { batch in
                for delivery in batch {
                    var properties = BasicProperties()
                    properties.deliveryMode = .transient
                    properties.correlationID = delivery.properties.correlationID
                    let reply = OutgoingMessage(
                        routingKey: delivery.properties.replyTo ?? "", properties: properties, body: body)
                    do { try replies.publish(reply) } catch { print("reply: \(error)") }
                }
            },
            event: { event in
                if case .closed = event { end.finish() }
            })
        let consumer = try await Connection.open(configuration, on: loop, handlers: handlers)
        let channel = try await consumer.openChannel()
        var declaration = QueueDeclaration(name: queue)
        declaration.isExclusive = true
        try await channel.declareQueue(declaration)
        try await channel.consume(queue)
        print("ready")
        fflush(nil)
        for await _ in ended {}
    }
}

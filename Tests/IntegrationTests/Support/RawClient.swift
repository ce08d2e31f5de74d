import MqantRPCRabbitMQ
import MqantRabbitMQ
import NIOCore
import Synchronization
import Testing

/// A program in another language, as far as the broker can tell: it speaks AMQP and nothing of ours.
final class RawClient: Sendable {
    let connection: Connection
    let channel: AMQPChannel
    let queue: String
    private let deliveries: Log<Delivery>

    private init(_ connection: Connection, _ channel: AMQPChannel, _ queue: String, _ deliveries: Log<Delivery>) {
        (self.connection, self.channel, self.queue, self.deliveries) = (connection, channel, queue, deliveries)
    }

    static func connect(to network: RabbitMQNetwork, maximumBodySize: Int = 64 << 20) async throws -> RawClient {
        let deliveries = Log<Delivery>()
        var configuration = try network.configuration().connection
        configuration.maximumBodySize = maximumBodySize
        let connection = try await Connection.open(
            configuration,
            handlers: ConnectionHandlers(
                deliveries: { for delivery in $0 { deliveries.add(delivery) } }, event: { _ in }))
        let channel = try await connection.openChannel()
        var declaration = QueueDeclaration(name: "")
        declaration.isExclusive = true
        let queue = try await channel.declareQueue(declaration).name
        try await channel.consume(queue)
        return RawClient(connection, channel, queue, deliveries)
    }

    func publish(
        _ body: String, to target: String, exchange: String = "", _ adjust: (inout BasicProperties) -> Void = { _ in }
    ) throws {
        try publish(ByteBuffer(string: body), to: target, exchange: exchange, adjust)
    }

    func publish(
        _ body: ByteBuffer, to target: String, exchange: String = "", _ adjust: (inout BasicProperties) -> Void
    ) throws {
        var properties = BasicProperties()
        properties.contentType = "application/json"
        adjust(&properties)
        try channel.publish(
            OutgoingMessage(exchange: exchange, routingKey: target, properties: properties, body: body))
    }

    func hasReceived(_ condition: (Delivery) -> Bool) -> Bool { deliveries.elements.contains(where: condition) }

    var replies: [Delivery] { deliveries.elements }

    func received(_ count: Int) async throws -> [Delivery] {
        try await eventually("\(count) messages never came") { deliveries.count >= count }
        return deliveries.elements
    }
}

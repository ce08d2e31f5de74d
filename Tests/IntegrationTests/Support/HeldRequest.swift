import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import Testing

/// A request that the broker has and will deliver when it is told to: even while nobody can publish one.
struct HeldRequest {
    let client: RawClient
    private let queue: String

    /// Publishes a request to `b:Work` of `callee` into a queue whose rejected messages go to the instance's.
    static func make(_ function: String, for callee: TestNode, at broker: RabbitMQBroker) async throws -> HeldRequest {
        let client = try await RawClient.connect(to: RabbitMQNetwork(broker: broker))
        let target = try #require(callee.node.view.local["b:Work"]?.queue)
        var declaration = QueueDeclaration(name: "")
        declaration.isExclusive = true
        declaration.arguments = ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": .string(target.rawValue)]
        let queue = try await client.channel.declareQueue(declaration).name
        try client.publish("[1]", to: queue) { $0.type = function }
        return HeldRequest(client: client, queue: queue)
    }

    func release() async throws {
        var options = ConsumerOptions()
        options.withoutAcknowledgement = false
        try await client.channel.consume(queue, options)
        let delivery = try #require(try await client.received(1).first)
        try client.channel.reject(delivery.deliveryTag, requeue: false)
    }
}

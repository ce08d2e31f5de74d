import MqantRPC
import MqantRabbitMQ

/// What exchanges, queues and consumers are called. Every connection of a node has names of its own.
struct TopologyNames: Sendable {
    private let queuePrefix: String
    private let consumerTagPrefix: String
    private let token: String

    /// The exchange of announcements.
    let nodes: String
    /// Stands in every request.
    let replies: QueueName
    let announcements: QueueName

    init(_ configuration: TransportConfiguration, node: NodeID) {
        queuePrefix = configuration.queuePrefix
        consumerTagPrefix = configuration.consumerTagPrefix
        token = String(UInt64.random(in: .min ... .max), radix: 36)
        nodes = configuration.exchange + ".nodes"
        replies = QueueName("\(queuePrefix)replies.\(node).\(token)")
        announcements = QueueName("\(queuePrefix)nodes.\(node).\(token)")
    }

    /// - Parameter life: tells lives of an instance on one connection apart.
    func requests(_ instance: InstanceID, life: Int) -> QueueName { queue("calls.\(instance)", "-\(life)") }

    /// The one name that is the same on every connection: who has declared it, exclusively, owns the Id.
    func lock(_ instance: InstanceID) -> QueueName { QueueName("\(queuePrefix)lock.\(instance)") }

    /// A queue that nobody ever declares.
    var nowhere: QueueName { queue("nobody", "") }

    func consumerTag(_ queue: QueueName) -> String { consumerTagPrefix + queue.rawValue }

    /// The same error without what differs on every connection: attempts that fail for one reason say one thing.
    func withoutToken(_ error: RabbitMQError) -> RabbitMQError {
        var error = error
        error.message = error.message.replacing(token, with: "…")
        error.replyText = error.replyText?.replacing(token, with: "…")
        return error
    }

    private func queue(_ name: String, _ suffix: String) -> QueueName {
        QueueName("\(queuePrefix)\(name).\(token)\(suffix)")
    }
}

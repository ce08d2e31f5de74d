import RPC

/// What exchanges, queues and consumers are called. Every connection of a node has names of its own.
struct Names: Sendable {
    private let configuration: RabbitMQTransport.Configuration
    private let node: NodeID
    private let token: String

    init(_ configuration: RabbitMQTransport.Configuration, node: NodeID) {
        self.configuration = configuration
        self.node = node
        token = String(UInt64.random(in: .min ... .max), radix: 36)
    }

    var groups: String { configuration.exchange + ".groups" }
    var nodes: String { configuration.exchange + ".nodes" }
    var replies: QueueName { queue("replies.\(node)") }
    var announcements: QueueName { queue("nodes.\(node)") }

    /// - Parameter life: tells lives of an instance on one connection apart.
    func requests(_ instance: InstanceID, life: Int) -> QueueName { queue("calls.\(instance)", "-\(life)") }
    func pushes(_ instance: InstanceID, life: Int) -> QueueName { queue("groups.\(instance)", "-\(life)") }

    /// The one name that is the same on every connection: who has declared it, exclusively, owns the Id.
    func lock(_ instance: InstanceID) -> QueueName { QueueName("\(configuration.queuePrefix)lock.\(instance)") }

    func consumerTag(_ queue: QueueName) -> String { configuration.consumerTagPrefix + queue.rawValue }

    private func queue(_ name: String, _ suffix: String = "") -> QueueName {
        QueueName("\(configuration.queuePrefix)\(name).\(token)\(suffix)")
    }
}

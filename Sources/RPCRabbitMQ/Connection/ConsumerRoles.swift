import MqantRPC
import Synchronization

/// What the consumers of one session are for, by their tags.
final class ConsumerRoles: Sendable {
    private let names: TopologyNames
    private let roles = Mutex<[TextKey: QueueRole]>([:])

    init(names: TopologyNames) { self.names = names }

    var all: [TextKey: QueueRole] { roles.withLock { $0 } }

    func role(of tag: String) -> QueueRole? { roles.withLock { $0[TextKey(tag)] } }

    func set(_ role: QueueRole, of queue: QueueName) {
        roles.withLock { $0[TextKey(names.consumerTag(queue))] = role }
    }

    func remove(_ queue: QueueName) {
        roles.withLock { _ = $0.removeValue(forKey: TextKey(names.consumerTag(queue))) }
    }
}

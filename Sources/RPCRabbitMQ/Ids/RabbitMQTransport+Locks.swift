import Logging
import MqantRPC
import MqantRabbitMQ
import Synchronization

/// The lock of an Id: the exclusive queue `lock.<Id>` (docs/wire.md#3-one-id-one-process).
extension RabbitMQTransport {
    /// - Returns: whether this connection has the lock now. If not, another has it, or had it on a broker node that is
    ///   dead.
    func tryLock(of instance: ServedInstance, on incarnation: Incarnation) async throws -> Bool {
        do {
            let channel = try await incarnation.attempt { channel in
                try await incarnation.declare(incarnation.names.lock(instance.id), on: channel)
            }
            try await channel.close()
            return true
        } catch let error as RabbitMQError where error.replyCode == 405 {
            return false
        }
    }

    /// Uses a lock that this node has, which keeps a policy from deleting it.
    /// - Returns: false if somebody deleted it.
    func renewLock(of instance: ServedInstance, on incarnation: Incarnation) async throws -> Bool {
        var lock = QueueDeclaration(name: incarnation.names.lock(instance.id).rawValue)
        lock.isPassive = true
        do {
            try await incarnation.attempt { try await $0.declareQueue(lock) }.close()
            return true
        } catch let error as RabbitMQError where error.replyCode == 404 || error.replyCode == 405 {
            guard !instance.isClosing else { return true }
            // A policy may do it every second.
            let isNews = instance.state.withLock { state in
                defer { state.isDeletionTold = true }
                return !state.isDeletionTold
            }
            logger.log(
                level: isNews ? .warning : .debug,
                "the lock of an Id that this node serves was deleted: taking it again",
                metadata: ["instance": "\(instance.id)", "queue": "\(lock.name)"])
            return false
        }
    }

    /// Lets another process take the Id at once.
    func releaseLock(of instance: ServedInstance, on incarnation: Incarnation) async throws {
        guard instance.hold.hasLock, let consumer = incarnation.consumer else { return }
        instance.state.withLock { $0.hold.lockLost() }
        let channel = try await consumer.openChannel()
        try await channel.deleteQueue(incarnation.names.lock(instance.id).rawValue)
        try await channel.close()
    }
}

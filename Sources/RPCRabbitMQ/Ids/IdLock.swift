import Logging
import MqantRPC
import MqantRabbitMQ

/// The lock of an Id: the exclusive queue `lock.<Id>` (docs/wire.md#3-one-id-one-process).
struct IdLock {
    let held: HeldId
    let session: BrokerSession
    let logger: Logger

    private var queue: QueueName { session.names.lock(held.id) }

    /// Tries to take the lock.
    /// - Returns: whether this connection has the lock now. If not, another has it, or had it on a broker node that is
    ///   dead.
    func take() async throws -> Bool {
        do {
            let channel = try await session.attempt { try await session.topology.declare(queue, on: $0) }
            try await channel.close()
        } catch let error as RabbitMQError where error.replyCode == 405 {
            return false
        }
        held.lockTaken()
        return true
    }

    /// Uses a lock that this node has, which keeps a policy from deleting it, and notices if somebody did.
    func renew() async throws {
        do {
            try await session.attempt { try await session.topology.inspect(queue, on: $0) }.close()
        } catch let error as RabbitMQError where error.replyCode == 404 || error.replyCode == 405 {
            guard !held.isClosing else { return }
            held.lockLost()
            logger.log(
                level: held.takeDeletionNews() ? .warning : .debug,
                "the lock of an Id that this node serves was deleted: taking it again",
                metadata: ["instance": "\(held.id)", "queue": "\(queue)"])
        }
    }

    /// Lets another process take the Id at once.
    func release() async throws {
        guard held.lockLost() else { return }
        let channel = try await session.openChannel()
        try await channel.deleteQueue(queue.rawValue)
        try await channel.close()
    }
}

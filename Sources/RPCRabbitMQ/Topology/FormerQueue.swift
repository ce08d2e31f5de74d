import RPC
import RabbitMQ

/// The group queue of a node's former connection, which the broker may still have.
///
/// RabbitMQ takes all bindings of a queue away in one transaction. Binds to the same exchange that come meanwhile are
/// tried again and again, and both take several times as long: it is better to let the broker finish.
struct FormerQueue: Sendable {
    let name: QueueName

    /// With fewer groups than this there is nothing to gain.
    static let worthwhile = 200
    /// A broker that has not noticed that the former connection is gone may need much longer, and nobody gets pushes
    /// until then; when it does notice, the binds have long been done.
    private static let patience = Duration.seconds(1)
    private static let pause = Duration.milliseconds(30)

    init(_ name: QueueName) { self.name = name }

    /// Returns when the broker has deleted the queue, or after a second.
    /// - Throws: `RabbitMQError` if the connection is lost.
    func awaitDeletion(on incarnation: Incarnation) async throws {
        let end = ContinuousClock.now + Self.patience
        while try await exists(on: incarnation), ContinuousClock.now < end {
            // The broker tells nobody when it has deleted a queue.
            try await Task.sleep(for: Self.pause)
        }
    }

    private func exists(on incarnation: Incarnation) async throws -> Bool {
        var question = QueueDeclaration(name: name.rawValue)
        question.isPassive = true
        do {
            let channel = try await incarnation.attempt { try await $0.declareQueue(question) }
            try await channel.close()
            return true
        } catch let error as RabbitMQError where error.replyCode == 404 || error.replyCode == 405 {
            // 404: it is no more. 405: it is there, and another connection's.
            return error.replyCode == 405
        }
    }
}

import Logging
import MqantAMQPURI
import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

/// A broker that is cut off from the rest of its cluster goes on to serve the nodes that are connected to it, and no
/// other node hears them. RabbitMQ 4.2 and later answers no declaration and no binding then: such a broker is left for
/// another one that does.
extension RabbitMQTransport {
    /// How often a node tries. Each time is a commit of the cluster.
    private static var pause: Duration { .seconds(10) }
    /// A broker that does not answer for so long is compared with others.
    private static var patience: Duration { .seconds(5) }

    /// Looks after the present broker for as long as the transport lives.
    func watchMajority() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.pause * Double.random(in: 0.8...1.2)) } catch { return }
            guard configuration.connection.uris.count > 1 else { continue }
            guard let incarnation = state.withLock({ $0.incarnation }), !incarnation.isOver, !incarnation.isStalled
            else { continue }
            // Twice: a cluster that has just lost a broker agrees on nothing for seconds.
            guard await timeout(of: incarnation) != nil, let error = await timeout(of: incarnation) else { continue }
            await leave(incarnation, error)
        }
    }

    /// Binds announcements once more. That changes nothing, but the brokers have to agree on it.
    /// - Returns: an error if the broker did not answer.
    private func timeout(of incarnation: Incarnation) async -> RabbitMQError? {
        do {
            try await incarnation.bindAnnouncementsAgain(timeout: Self.patience)
        } catch let error as RabbitMQError where error.code == .timeout {
            return error
        } catch {
            // The connection is over, or the exchange was deleted, which is noticed elsewhere.
            logger.debug("announcements not bound again", metadata: ["reason": "\(error)"])
        }
        return nil
    }

    /// Goes to another broker if there is one that answers. Where none does the fault is another one.
    private func leave(_ incarnation: Incarnation, _ error: RabbitMQError) async {
        let present = incarnation.consumer?.uri
        for uri in rotation.withLock({ $0.order }) where uri != present {
            guard await answers(uri) else { continue }
            rotation.withLock { $0.next(uri) }
            var reason = error
            reason.message = "\(incarnation.uri) answers no bindings, as if cut off from its cluster; \(uri) does"
            return incarnation.end(reason)
        }
        logger.warning("the broker answers no bindings, nor does another", metadata: ["uri": "\(incarnation.uri)"])
    }

    private func answers(_ uri: AMQPURI) async -> Bool {
        var settings = configuration.connection
        settings.uris = [uri]
        do {
            let connection = try await Connection.open(
                settings, handlers: ConnectionHandlers(deliveries: { _ in }, event: { _ in }), logger: logger)
            defer { connection.abort() }
            var queue = QueueDeclaration(name: Names(configuration, node: node).replies.rawValue)
            queue.isExclusive = true
            queue.arguments = ["x-queue-type": "classic"]
            try await connection.openChannel().declareQueue(queue, timeout: Self.patience)
            return true
        } catch {
            return false
        }
    }
}

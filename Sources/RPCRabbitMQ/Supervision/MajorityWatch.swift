import Logging
import MqantAMQPURI
import MqantRPC
import MqantRabbitMQ

/// A broker that is cut off from the rest of its cluster goes on to serve the nodes that are connected to it, and no
/// other node hears them. RabbitMQ 4.2 and later answers no declaration and no binding then: such a broker is left for
/// another one that does.
struct MajorityWatch: Sendable {
    /// How often a node tries. Each time is a commit of the cluster.
    private static let pause = Duration.seconds(10)
    /// A broker that does not answer for so long is compared with others.
    private static let patience = Duration.seconds(5)

    let node: NodeID
    let configuration: TransportConfiguration
    let uris: BrokerURIs
    let logger: Logger

    /// Looks after the broker of a session until the task is cancelled.
    func watch(_ session: BrokerSession) async {
        guard configuration.connection.uris.count > 1 else { return }
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.pause * Double.random(in: 0.8...1.2)) } catch { return }
            guard !session.isOver, !session.isStalled else { continue }
            // Twice: a cluster that has just lost a broker agrees on nothing for seconds.
            guard await timeout(of: session) != nil, let error = await timeout(of: session) else { continue }
            await leave(session, error)
        }
    }

    /// Binds announcements once more. That changes nothing, but the brokers have to agree on it.
    /// - Returns: an error if the broker did not answer.
    private func timeout(of session: BrokerSession) async -> RabbitMQError? {
        do {
            try await session.bindAnnouncementsAgain(timeout: Self.patience)
        } catch let error as RabbitMQError where error.code == .timeout {
            return error
        } catch {
            // The connection is over, or the exchange was deleted, which is noticed elsewhere.
            logger.debug("announcements not bound again", metadata: ["reason": "\(error)"])
        }
        return nil
    }

    /// Goes to another broker if there is one that answers. Where none does the fault is another one.
    private func leave(_ session: BrokerSession, _ error: RabbitMQError) async {
        let present = session.uri
        let name = present?.description ?? ""
        for uri in uris.order where uri != present {
            guard await answers(uri) else { continue }
            uris.next(uri)
            var reason = error
            reason.message = "\(name) answers no bindings, as if cut off from its cluster; \(uri) does"
            return session.end(reason)
        }
        logger.warning("the broker answers no bindings, nor does another", metadata: ["uri": "\(name)"])
    }

    /// Whether the broker at a URI agrees with others on a declaration.
    private func answers(_ uri: AMQPURI) async -> Bool {
        var settings = configuration.connection
        settings.uris = [uri]
        do {
            let connection = try await Connection.open(
                settings, handlers: ConnectionHandlers(deliveries: { _ in }, event: { _ in }), logger: logger)
            defer { connection.abort() }
            let topology = NodeTopology(names: TopologyNames(configuration, node: node))
            try await topology.declare(
                topology.names.replies, on: connection.openChannel(), timeout: Self.patience)
            return true
        } catch {
            return false
        }
    }
}

import Logging
import Mqant
import RPC
import RPCRabbitMQ
import RabbitMQ

/// The broker at which a node meets the others.
struct Broker {
    private var configuration: RabbitMQTransport.Configuration

    /// What `server.conf` says; nil if no module is reached through a broker.
    /// - Throws: `RabbitMQError` for a URI that is none, `BrokerError` if modules name different brokers.
    init?(of placement: Placement) throws {
        let all = placement.configuration.modules.compactMap(\.rabbitMQ)
        guard let first = placement.starting.compactMap(\.entry.rabbitMQ).first ?? all.first else { return nil }
        guard all.allSatisfy(first.reachesSame) else { throw BrokerError() }
        var configuration = RabbitMQTransport.Configuration(
            connection: try Connection.Configuration(uris: first.uris.map(\.text)))
        configuration.exchange = first.exchange
        configuration.queuePrefix = first.queuePrefix ?? ""
        configuration.consumerTagPrefix = first.consumerTagPrefix ?? ""
        self.configuration = configuration
    }

    /// The same broker for a command that somebody waits for: it is there now, or it is not.
    var impatient: Broker {
        var broker = self
        broker.configuration.startTimeout = .seconds(3)
        return broker
    }

    func makeTransport(_ node: NodeID, _ logger: Logger) -> any Transport {
        RabbitMQTransport(node: node, configuration: configuration, logger: logger)
    }
}

/// Modules that name different brokers.
struct BrokerError: Error, CustomStringConvertible {
    var description: String {
        "modules name different brokers or exchanges: all nodes of a cluster meet at one"
    }
}

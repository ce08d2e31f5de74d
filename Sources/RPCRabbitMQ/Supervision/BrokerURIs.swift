import MqantAMQPURI
import MqantRabbitMQ
import Synchronization

/// The URIs of a node's broker, in the order in which they are tried next.
final class BrokerURIs: Sendable {
    private let rotation: Mutex<URIRotation>

    init(_ configuration: TransportConfiguration) {
        rotation = Mutex(URIRotation(configuration.connection.uris, first: configuration.firstURI))
    }

    var order: [AMQPURI] { rotation.withLock { $0.order } }

    /// Has one of them tried first.
    func next(_ uri: AMQPURI) { rotation.withLock { $0.next(uri) } }

    /// There was a connection to one of them: however long it lasts, the next one is at another broker.
    func connected(to uri: AMQPURI) { rotation.withLock { $0.connected(to: uri) } }
}

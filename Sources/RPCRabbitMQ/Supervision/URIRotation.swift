import MqantAMQPURI

/// The order in which a node tries the URIs of its broker.
///
/// It begins at a random one, so that nodes spread over the brokers of a cluster, and after a connection with the next
/// one: the broker that was lost is tried last.
struct URIRotation: Sendable {
    private let uris: [AMQPURI]
    private var first: Int

    /// - Parameter first: the index of the URI to begin with, any number; nil: a random one.
    init(_ uris: [AMQPURI], first: Int?) {
        self.uris = uris
        self.first = uris.isEmpty ? 0 : first.map { Int($0.magnitude % UInt(uris.count)) } ?? .random(in: uris.indices)
    }

    /// All of them, each as often as it was given.
    var order: [AMQPURI] { Array(uris[first...] + uris[..<first]) }

    /// Begins with one of them.
    mutating func next(_ uri: AMQPURI) {
        if let index = uris.firstIndex(of: uri) { first = index }
    }

    /// There is, or was, a connection to one of them.
    mutating func connected(to uri: AMQPURI) {
        guard let index = order.firstIndex(of: uri) else { return }
        first = (first + index + 1) % uris.count
    }
}

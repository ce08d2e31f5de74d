package import Logging
import MqantAMQPURI
package import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

/// The transport of nodes that meet at a RabbitMQ broker (docs/wire.md).
///
/// What is sent waits in one bounded queue, from which the connection's thread writes; what arrives goes from that thread
/// straight to the node. When the connection is lost, the transport makes a new one by itself, under new queue names, and
/// tells the node.
package final class RabbitMQTransport: Transport {
    struct State {
        /// nil while there is no connection.
        var incarnation: Incarnation?
        var instances: [InstanceID: ServedInstance] = [:]
        /// Every name that the queue of an instance has had.
        var owners: [QueueName: ServedInstance] = [:]
        var lives = 0
        /// Bytes of a message's headers, on the present connection or on the one before.
        var headerSpace: Int?
        var supervisor: Task<Void, Never>?
        var isShutDown = false
    }

    package let node: NodeID
    package let configuration: Configuration
    package let statistics = TransportStatistics()
    let logger: Logger
    let outbox: Outbox
    /// Tells that the exchange of announcements, or what was bound to it, is gone. For one reader in all.
    let losses: AsyncStream<Void>
    private let turnEnd = TurnEnd()
    let arrivals: Arrivals
    /// The queues of other nodes that take batches.
    let readers = Mutex<Set<QueueName>>([])
    let state = Mutex(State())
    let rotation: Mutex<URIRotation>

    package init(node: NodeID, configuration: Configuration, logger: Logger) {
        self.node = node
        self.configuration = configuration
        self.logger = logger
        let uris = configuration.connection.uris
        rotation = Mutex(URIRotation(uris, first: configuration.firstURI ?? .random(in: 0...max(0, uris.count - 1))))
        outbox = Outbox(maxCount: configuration.maxWaiting, maxBytes: configuration.maxWaitingBytes)
        let (losses, loss) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.losses = losses
        arrivals = Arrivals(
            node: node, statistics: statistics, announcementsLost: { loss.yield() })
    }

    /// A new one for each connection; while there is none, a name that no queue has.
    package var replyQueue: QueueName { state.withLock { $0.incarnation?.names.replies } ?? "replies" }

    /// What fits a frame beside the other headers of a request. A session that is larger than the frames of a later
    /// connection take can shrink, and not grow.
    package var maximumSessionSize: Int? {
        state.withLock { $0.headerSpace }.map { $0 - WireName.headerReserve }
    }

    package func broker(of instance: InstanceID) -> String? {
        guard let connection = state.withLock({ $0.incarnation })?.consumer else { return nil }
        let address = connection.address
        return "\(address.isIPv6 ? "[\(address.host)]" : address.host):\(connection.uri.port)"
    }

    package func send(_ envelope: Envelope, to queue: QueueName) {
        switch envelope {
        case .request(let request):
            if let error = WireEnvelope.obstacle(
                of: request, maximumBodySize: configuration.connection.maximumBodySize)
            {
                arrivals.receiver?.refused(request, error)
            } else if !append(OutboxEntry(.request(request), to: queue)) {
                let error = RPCError(.overloaded, "too many calls wait for the broker", outcome: .notDelivered)
                arrivals.receiver?.refused(request, error)
            }
        case .reply(let reply, let id, let instance):
            if !append(OutboxEntry(.reply(reply, to: id, from: instance), to: queue)) {
                statistics.countDrop(.unwritten)
            }
        }
    }

    package func takeBack(_ ids: Set<CorrelationID>) -> Set<CorrelationID> { outbox.takeBack(ids) }

    /// Puts an entry in the queue and has it written. False: it is full.
    func append(_ entry: OutboxEntry) -> Bool {
        switch outbox.append(entry) {
        case .taken:
            wake()
            return true
        case .closed, .full, .disconnected:
            return false
        }
    }

    /// Has what waits written, by the connection's thread or on the caller's, there at the end of its loop's turn; without a
    /// connection it waits for the next.
    func wake() {
        turnEnd.run { self.write() }
    }

    private func write() {
        let publisher = state.withLock { $0.incarnation }?.publisher
        do throws(RabbitMQError) {
            try publisher?.requestWrite()
        } catch {
            logger.trace("the connection is over", metadata: ["reason": "\(error)"])
        }
    }
}

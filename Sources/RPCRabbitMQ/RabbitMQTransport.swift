package import Logging
import NIOCore
package import RPC
import RabbitMQ
import Synchronization

/// The transport of nodes that meet at a RabbitMQ broker (DESIGN §7, docs/wire.md).
///
/// What is sent waits in one bounded queue, from which the connection's thread writes; what arrives goes from that thread
/// straight to the node. When the connection is lost, the transport makes a new one by itself, under new queue names, and
/// tells the node.
package final class RabbitMQTransport: Transport {
    struct State {
        /// nil while there is no connection.
        var incarnation: Incarnation?
        var binder: GroupBinder?
        var instances: [InstanceID: ServedInstance] = [:]
        /// Every name that the queue of an instance has had.
        var owners: [QueueName: ServedInstance] = [:]
        var lives = 0
        var supervisor: Task<Void, Never>?
        var isShutDown = false
    }

    package let node: NodeID
    package let configuration: Configuration
    package let statistics = TransportStatistics()
    let logger: Logger
    let outbox: Outbox
    let line = TopologyLine()
    private let turnEnd = TurnEnd()
    let arrivals: Arrivals
    let state = Mutex(State())

    package init(node: NodeID, configuration: Configuration, logger: Logger) {
        self.node = node
        self.configuration = configuration
        self.logger = logger
        outbox = Outbox(maxCount: configuration.maxWaiting, maxBytes: configuration.maxWaitingBytes)
        arrivals = Arrivals(node: node, statistics: statistics, readers: BatchReaders(), witnesses: Witnesses())
    }

    /// A new one for each connection; while there is none, a name that no queue has.
    package var replyQueue: QueueName { state.withLock { $0.incarnation?.names.replies } ?? "replies" }

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

    package func probe(_ queue: QueueName) {
        // Asking a broker that is not there tells nothing.
        guard state.withLock({ $0.incarnation != nil }) else { return }
        _ = append(OutboxEntry(.probe(at: .now()), to: queue))
    }

    package func takeBack(_ ids: Set<CorrelationID>) -> Set<CorrelationID> { outbox.takeBack(ids) }

    package func publish(
        _ request: RPCRequest, to group: GroupName,
        confirmation: (@Sendable (Result<RPC.PublishOutcome, RPCError>) -> Void)?
    ) {
        var request = request
        if request.deadline == nil { request.deadline = .now() + TimeAmount(configuration.pushTimeout) }
        var error = WireEnvelope.obstacle(of: request, maximumBodySize: configuration.connection.maximumBodySize)
        if !(1...GroupName.maximumByteCount).contains(group.rawValue.utf8.count) { error = .groupName }
        if error == nil, !append(OutboxEntry(.push(request, confirmation), to: QueueName(group.rawValue))) {
            error = RPCError(.overloaded, "too many pushes wait for the broker", outcome: .notDelivered)
        }
        guard let error else { return }
        statistics.countDrop(.unwritten)
        confirmation?(.failure(error))
    }

    package func announce(_ announcement: Announcement) {
        outbox.announce(announcement)
        wake()
    }

    package func bind(
        _ queue: QueueName, to group: GroupName, completion: @escaping @Sendable (Result<Void, RPCError>) -> Void
    ) {
        guard (1...GroupName.maximumByteCount).contains(group.rawValue.utf8.count) else {
            return completion(.failure(.groupName))
        }
        enqueue(queue, group, .bind, completion)
    }

    package func unbind(
        _ queue: QueueName, from group: GroupName, completion: @escaping @Sendable (Result<Void, RPCError>) -> Void
    ) {
        guard (1...GroupName.maximumByteCount).contains(group.rawValue.utf8.count) else {
            return completion(.failure(.groupName))
        }
        enqueue(queue, group, .unbind, completion)
    }

    func enqueue(
        _ queue: QueueName, _ group: GroupName, _ kind: TopologyLine.Step.Kind,
        _ completion: @escaping @Sendable (Result<Void, RPCError>) -> Void
    ) {
        guard let instance = state.withLock({ $0.owners[queue] }), !instance.isClosing else {
            return completion(.failure(RPCError(.notFound, "no such queue: \(queue)")))
        }
        line.append(
            TopologyLine.Step(
                instance: instance, group: group, kind: kind, completion: completion,
                deadline: .now + configuration.pushTimeout))
    }

    /// Puts an entry in the queue and has it written. False: it is full.
    func append(_ entry: OutboxEntry) -> Bool {
        switch outbox.append(entry) {
        case .taken:
            wake()
            return true
        case .closed, .full:
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

extension RPCError {
    fileprivate static let groupName = RPCError(
        .invalidArguments, "a group's name has 1 to \(GroupName.maximumByteCount) bytes", outcome: .notDelivered)
}

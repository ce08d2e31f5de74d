import Logging
import MqantAMQPURI
package import MqantRPC
import MqantRabbitMQ
import Synchronization

extension RabbitMQTransport {
    package func start(_ receiver: any TransportReceiver) async throws(RPCError) {
        arrivals.start(receiver) { [weak self] queue in _ = self?.append(OutboxEntry(.answer, to: queue)) }
        let end = ContinuousClock.now + configuration.startTimeout
        var backoff = Backoff(longest: configuration.reconnectPause)
        var complaint = Complaint(logger: logger)
        while true {
            do {
                adopt(try await connect())
                break
            } catch {
                guard !Task.isCancelled else { throw .startCancelled }
                let error = error as? RabbitMQError ?? RabbitMQError(.closedLocally, "given up", underlying: error)
                complaint.make("cannot use the broker yet", error.advice, uris)
                guard ContinuousClock.now < end else { throw .unusable(error, at: uris) }
                guard await backoff.pause() else { throw .startCancelled }
            }
        }
        // Held and awaited by `shutdown`.
        let supervisor = Task { await self.supervise() }
        state.withLock { $0.supervisor = supervisor }
    }

    /// The brokers without their passwords.
    var uris: String { configuration.connection.uris.map(\.description).joined(separator: ", ") }

    func connect() async throws -> Incarnation {
        let incarnation = Incarnation(names: Names(configuration, node: node), arrivals: arrivals, logger: logger)
        var configuration = configuration
        configuration.connection.uris = rotation.withLock { $0.order }
        defer {
            // However long it lasts, the one after it is at another broker.
            if let uri = incarnation.consumer?.uri { rotation.withLock { $0.connected(to: uri) } }
        }
        let confirmTimeout = configuration.confirmTimeout
        try await incarnation.open(configuration) { queues, confirming, trial in
            Writer(
                node: node, names: incarnation.names, queues: queues, confirming: confirming, trial: trial,
                outbox: outbox, readers: { [weak self] in self?.readers.withLock { $0 } ?? [] },
                confirmTimeout: confirmTimeout, statistics: statistics, echo: arrivals.echo,
                refuse: { [arrivals] request, error in arrivals.receiver?.refused(request, error) },
                rejected: { [weak incarnation] in incarnation?.rejected($0) },
                rank: { [weak self] id in
                    guard let instance = self?.state.withLock({ $0.instances[id] }) else { return .locked }
                    return instance.announcedRank
                })
        }
        statistics.countConnection()
        return incarnation
    }

    func adopt(_ incarnation: Incarnation) {
        state.withLock { state in
            state.incarnation = incarnation
            state.headerSpace = incarnation.publisher?.headerSpace ?? state.headerSpace
        }
        outbox.connectionOpened()
    }
}

extension RPCError {
    /// Whoever waited for the start waits no longer.
    static let startCancelled = RPCError(.cancelled, "the start was given up", outcome: .notDelivered)
}

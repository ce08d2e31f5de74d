import Logging
package import RPC
import RabbitMQ
import Synchronization

extension RabbitMQTransport {
    package func start(_ receiver: any TransportReceiver) async throws(RPCError) {
        arrivals.start(receiver) { [weak self] in self?.report($0) }
        let end = ContinuousClock.now + configuration.startTimeout
        var backoff = Backoff(longest: configuration.reconnectPause)
        var complaint = Complaint(logger: logger)
        while true {
            do {
                let incarnation = try await connect()
                adopt(incarnation, try await binder(for: incarnation))
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
        try await incarnation.open(configuration) { queues, exchanges in
            Writer(
                node: node, names: incarnation.names, queues: queues, exchanges: exchanges, outbox: outbox,
                readers: arrivals.readers, statistics: statistics,
                refuse: { [arrivals] request, error in arrivals.receiver?.refused(request, error) })
        }
        statistics.countConnection()
        return incarnation
    }

    /// - Throws: what makes this connection useless; it is then over.
    private func binder(for incarnation: Incarnation) async throws -> GroupBinder {
        do {
            return try await GroupBinder(incarnation)
        } catch {
            incarnation.end(error as? RabbitMQError ?? RabbitMQError(.closedLocally, "given up"))
            throw error
        }
    }

    func adopt(_ incarnation: Incarnation, _ binder: GroupBinder?) {
        state.withLock { state in
            (state.incarnation, state.binder) = (incarnation, binder)
        }
    }
}

extension RPCError {
    /// Whoever waited for the start waits no longer.
    static let startCancelled = RPCError(.cancelled, "the start was given up", outcome: .notDelivered)
}

import DequeModule
import Logging
import MqantRPC
import MqantRabbitMQ
import NIOCore

/// Puts what a node sends into the outbox, and has the present connection write it. Without a connection it waits for the
/// next.
final class EnvelopeSender: Sendable {
    /// How often confirmed requests that wait are looked at while nothing is written.
    private static let beat = Duration.seconds(1)

    private let configuration: TransportConfiguration
    private let outbox: Outbox
    private let present: PresentSession
    private let dispatcher: DeliveryDispatcher
    private let statistics: TransportStatistics
    private let logger: Logger
    private let turnEnd = TurnEnd()

    init(_ environment: SessionEnvironment, present: PresentSession) {
        configuration = environment.configuration
        outbox = environment.outbox
        dispatcher = environment.dispatcher
        statistics = environment.statistics
        logger = environment.logger
        self.present = present
    }

    // MARK: Sending

    func send(_ envelope: Envelope, to queue: QueueName) {
        switch envelope {
        case .request(let request):
            if let error = WireEnvelope.obstacle(
                of: request, maximumBodySize: configuration.connection.maximumBodySize)
            {
                dispatcher.receiver?.refused(request, error)
            } else if !append(OutboxEntry(.request(request), to: queue)) {
                let error = RPCError(.overloaded, "too many calls wait for the broker", outcome: .notDelivered)
                dispatcher.receiver?.refused(request, error)
            }
        case .reply(let reply, let id, let instance):
            if !append(OutboxEntry(.reply(reply, to: id, from: instance), to: queue)) {
                statistics.countDrop(.unwritten)
            }
        }
    }

    /// Sends a request whose outcome is told.
    ///
    /// It belongs to the connection that exists when it is sent, and is written on that one or not at all: order exists
    /// only on one connection.
    func send(
        _ request: RPCRequest, to queue: QueueName, confirmation: @escaping @Sendable (DeliveryOutcome) -> Void
    ) {
        var request = request
        request.replyTo = nil
        if let error = WireEnvelope.obstacle(of: request, maximumBodySize: configuration.connection.maximumBodySize) {
            return confirmation(.refused(error))
        }
        let until = request.deadline ?? .now() + TimeAmount(configuration.writeTimeout)
        switch outbox.append(OutboxEntry(.confirmed(request, until: until, confirmation), to: queue)) {
        case .taken: wake()
        case .full:
            confirmation(
                .refused(RPCError(.overloaded, "too many messages wait for the broker", outcome: .notDelivered)))
        case .closed, .disconnected: confirmation(.unknown)
        }
    }

    /// Puts an entry into the outbox and has it written.
    /// - Returns: false if the outbox is full.
    @discardableResult
    func append(_ entry: OutboxEntry) -> Bool {
        switch outbox.append(entry) {
        case .taken:
            wake()
            return true
        case .closed, .full, .disconnected:
            return false
        }
    }

    /// Has what waits written, by the connection's thread or on the caller's, there at the end of its loop's turn.
    func wake() {
        turnEnd.run { self.write() }
    }

    private func write() {
        do throws(RabbitMQError) {
            try present.session?.requestWrite()
        } catch {
            logger.trace("the connection is over", metadata: ["reason": "\(error)"])
        }
    }

    // MARK: Ends of waits

    /// Gives up confirmed requests that have waited long enough, even while a broker in an alarm lets nothing be written.
    /// Returns when the task is cancelled.
    func expireConfirmed() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.beat) } catch { return }
            let error = RPCError(.timeout, "the deadline passed before the broker took it", outcome: .notDelivered)
            for entry in outbox.takeExpired(now: .now()) { entry.confirm(.refused(error)) }
        }
    }

    /// The connection is over: confirmed requests that wait are never written.
    func connectionLost() {
        for entry in outbox.connectionLost() { entry.confirm(.unknown) }
    }

    /// Waits until all that waits has been written, or the time is up.
    func flush(to session: BrokerSession, until end: ContinuousClock.Instant) async {
        while !outbox.isEmpty, !session.isOver, ContinuousClock.now < end {
            wake()
            do { try await Task.sleep(for: .milliseconds(2)) } catch { return }
        }
    }

    /// Takes nothing any more, and refuses what waits.
    func close() {
        for entry in outbox.close() {
            switch entry.content {
            case .request(let request):
                dispatcher.receiver?.refused(request, RPCError(.shuttingDown, "this node is shutting down"))
            case .confirmed: entry.confirm(.unknown)
            default: break
            }
        }
    }
}

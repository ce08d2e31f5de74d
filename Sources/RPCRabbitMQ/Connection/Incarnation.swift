import Logging
import MqantAMQPURI
import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

/// One life of a node's connection to a broker: a connection that publishes and one that consumes, on one thread, so that
/// a blocked publisher does not stop deliveries, and a reply leaves without a hop.
///
/// It ends as a whole: when either connection, a channel or a consumer is lost, both are cut and another life begins.
final class Incarnation: Sendable {
    private struct State {
        var publisher: Connection?
        var consumer: Connection?
        var writer: Writer?
        var roles: [TextKey: QueueRole] = [:]
        var isOver = false
        var isStalled = false
        /// Channels whose refusals are expected, for they ask for what may not be had, and how often that was said: the
        /// number of a closed channel is another's before who closed it takes its word back.
        var tolerant: [ChannelID: Int] = [:]
        var openConnections = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
        /// Whether others have had the time to say who they are.
        var isAcquainted = false
        /// They end when the broker blocks publishers.
        var stalls: [AsyncStream<Never>.Continuation] = []
        var reason: RabbitMQError?
        /// Whether the log says that the broker does not take every message.
        var isRejectionTold = false
    }

    let names: Names
    /// What comes in goes there.
    let arrivals: Arrivals
    let logger: Logger
    private let state = Mutex(State())

    init(names: Names, arrivals: Arrivals, logger: Logger) {
        self.names = names
        self.arrivals = arrivals
        self.logger = logger
    }

    /// Why it ended.
    var reason: RabbitMQError? { state.withLock { $0.reason } }
    var isOver: Bool { state.withLock { $0.isOver } }
    var isStalled: Bool { state.withLock { $0.isStalled } }
    var isAcquainted: Bool { state.withLock { $0.isAcquainted } }
    /// Where it is, without the password.
    var uri: String { consumer?.uri.description ?? "" }
    var consumer: Connection? { state.withLock { $0.consumer } }
    var publisher: Connection? { state.withLock { $0.publisher } }
    var writer: Writer? { state.withLock { $0.writer } }

    // MARK: Life

    func began(publisher: Connection? = nil, consumer: Connection? = nil, writer: Writer? = nil) {
        state.withLock { state in
            if let publisher { state.publisher = publisher }
            if let consumer { state.consumer = consumer }
            if publisher != nil || consumer != nil { state.openConnections += 1 }
            if let writer { state.writer = writer }
        }
    }

    func becameAcquainted() { state.withLock { $0.isAcquainted = true } }

    /// Ends this life. From any thread, any number of times.
    func end(_ reason: RabbitMQError) {
        let connections = state.withLock { state in
            if state.reason == nil { state.reason = names.withoutToken(reason) }
            state.isOver = true
            return [state.publisher, state.consumer]
        }
        for connection in connections { connection?.abort() }
    }

    /// Returns when both connections have ended: nothing arrives any more.
    func over() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isOver && state.openConnections == 0 { return true }
                state.waiters.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    private func closed(_ reason: RabbitMQError) {
        end(reason)
        let waiters = state.withLock { state in
            state.openConnections -= 1
            guard state.openConnections <= 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The broker did not take a message for a queue. Said once, for a cause has many messages.
    func rejected(_ queue: QueueName) {
        let isNews = state.withLock { state in
            defer { state.isRejectionTold = true }
            return !state.isRejectionTold
        }
        logger.log(
            level: isNews ? .warning : .debug,
            "the broker did not take a message: the queue's broker node is down, or a policy with max-length limits it",
            metadata: ["queue": "\(queue)"])
    }

    // MARK: Roles

    func setRole(_ role: QueueRole, of queue: QueueName) {
        state.withLock { $0.roles[TextKey(names.consumerTag(queue))] = role }
    }

    func removeRole(of queue: QueueName) {
        state.withLock { _ = $0.roles.removeValue(forKey: TextKey(names.consumerTag(queue))) }
    }

    /// Whether the refusal of a channel of the consuming connection is an answer and not the end.
    func tolerate(_ channel: AMQPChannel, _ isTolerant: Bool) {
        state.withLock { state in
            let count = state.tolerant[channel.id, default: 0] + (isTolerant ? 1 : -1)
            state.tolerant[channel.id] = count > 0 ? count : nil
        }
    }

    // MARK: What the connections tell, on their thread

    var consumerHandlers: ConnectionHandlers {
        ConnectionHandlers(
            deliveries: { deliveries in
                let roles = self.state.withLock { $0.roles }
                self.arrivals.received(deliveries, roles)
            },
            event: { self.handle($0, isPublisher: false) })
    }

    var publisherHandlers: ConnectionHandlers {
        ConnectionHandlers(
            deliveries: { _ in },
            event: { self.handle($0, isPublisher: true) },
            write: { connection in self.writer?.write(connection) ?? false })
    }

    private func stall(_ isStalled: Bool) {
        let waiting = state.withLock { state in
            state.isStalled = isStalled
            defer { state.stalls = [] }
            return state.stalls
        }
        for stall in waiting { stall.finish() }
        arrivals.stalled(isStalled)
    }

    /// Ends when the broker blocks publishers; at once while it does.
    func nextStall() -> AsyncStream<Never> {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        let isStalled = state.withLock { state in
            if !state.isStalled { state.stalls.append(continuation) }
            return state.isStalled
        }
        if isStalled { continuation.finish() }
        return stream
    }

    private func handle(_ event: ConnectionEvent, isPublisher: Bool) {
        switch event {
        case .returned(let message): arrivals.returned(message)
        case .skipped(let message): arrivals.skipped(message)
        case .unsent: break
        case .blocked(let reason):
            guard isPublisher else { break }
            logger.warning("the broker blocks publishers", metadata: ["reason": "\(reason)"])
            stall(true)
        case .unblocked:
            guard isPublisher else { break }
            logger.notice("the broker takes messages again")
            stall(false)
        case .consumerCancelled(_, let tag):
            guard let role = state.withLock({ $0.roles[TextKey(tag)] }), !role.isClosing else { return }
            end(RabbitMQError(.channelClosed, "the broker deleted the queue of \(tag)", outcome: .unknown))
        case .channelClosed(let id, let error):
            let (isExpected, confirming) = state.withLock { state in
                let isTrial = error.messageSizeLimit != nil && state.writer?.trial.channelID == id
                return (isPublisher ? isTrial : state.tolerant[id] != nil, state.writer?.confirming.id)
            }
            // The exchange was deleted: what waits for the channel waits until that is mended.
            if isPublisher, id == confirming, error.replyCode == 404 { return arrivals.announcementsLost() }
            if !isExpected { end(error) }
        case .closed(let error):
            closed(error)
        }
    }
}

extension QueueRole {
    /// Whether its queue goes by this node's own will.
    fileprivate var isClosing: Bool {
        switch self {
        case .replies, .announcements: false
        case .requests(let instance, _): instance.isClosing
        }
    }
}

import Logging
import MqantAMQPURI
import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

/// One life of a node's connection to a broker: a connection that publishes and one that consumes, on one thread, so that
/// a blocked publisher does not stop deliveries, and a reply leaves without a hop.
///
/// It ends as a whole: when either connection, a channel or a consumer is lost, both are cut and another session begins.
final class BrokerSession: Sendable {
    private struct State {
        var publisher: Connection?
        var consumer: Connection?
        var writer: Writer?
        var tolerated = ToleratedChannels()
        var openConnections = 0
        /// Until `open` returns, another connection may come.
        var isOpening = true
        var isOver = false
        var reason: RabbitMQError?
        /// Whether the log says that the broker does not take every message.
        var isRejectionTold = false
    }

    let names: TopologyNames
    let topology: NodeTopology
    let trials: BrokerTrials
    let roles: ConsumerRoles
    private let environment: SessionEnvironment
    private let stall = PublisherStall()
    /// Fires when both connections have ended.
    private let ended = Signal()
    private let state = Mutex(State())

    init(_ environment: SessionEnvironment) {
        self.environment = environment
        names = TopologyNames(environment.configuration, node: environment.node)
        topology = NodeTopology(names: names)
        trials = BrokerTrials(topology: topology, stall: stall)
        roles = ConsumerRoles(names: names)
    }

    /// Why it ended.
    var reason: RabbitMQError? { state.withLock { $0.reason } }
    var isOver: Bool { state.withLock { $0.isOver } }
    var isStalled: Bool { stall.isStalled }
    /// The URI that logged in; nil: none has yet.
    var uri: AMQPURI? { state.withLock { $0.consumer }?.uri }
    /// The address of the broker, for people: `10.0.0.1:5672`.
    var address: String? {
        guard let connection = state.withLock({ $0.consumer }) else { return nil }
        let address = connection.address
        return "\(address.isIPv6 ? "[\(address.host)]" : address.host):\(connection.uri.port)"
    }
    /// Bytes that the headers of one message may have.
    var headerSpace: Int? { state.withLock { $0.publisher }?.headerSpace }

    // MARK: Opening

    /// Connects and declares what every node has: the exchange of announcements and their queue, the queue of replies.
    /// - Parameter uris: where the broker may be, the first choice first.
    /// - Throws: `RabbitMQError`; whatever was opened is then cut.
    func open(at uris: [AMQPURI]) async throws {
        do {
            let (consumer, publisher) = try await connect(at: uris)
            try await declareExchange()
            let channel = try await consumer.openChannel()
            try await topology.declare(names.replies, on: channel)
            try await topology.declare(names.announcements, on: channel)
            let queues = try await publisher.openChannel()
            let confirming = try await publisher.openChannel(confirming: true)
            // All channels before the first message: a broker in an alarm answers nothing to who has published.
            let sizes = try await publisher.openChannel(confirming: true)
            try await trials.tryPublishing(on: confirming)
            try await trials.tryReturn(on: confirming)
            for (queue, role) in [(names.replies, QueueRole.replies), (names.announcements, .announcements)] {
                try await trials.tryKeeping(queue, on: channel, publishing: confirming)
                if case .announcements = role { try await topology.bindAnnouncements(on: channel) }
                try await consume(queue, as: role, on: channel)
            }
            let trial = SizeTrial(
                on: sizes, largest: environment.configuration.connection.maximumBodySize, logger: environment.logger)
            let writer = makeWriter(queues: queues, confirming: confirming, trial: trial)
            state.withLock { $0.writer = writer }
            try await stall.unlessStalled { try await trial.test(0) }
            try trial.checkSmallest()
            opened()
        } catch {
            opened()
            end(error as? RabbitMQError ?? RabbitMQError(.closedLocally, "given up", underlying: error))
            if let error = error as? RabbitMQError, error.mayBeAllowedLater { throw names.withoutToken(error) }
            // What came first: what follows from it tells nothing.
            throw reason ?? error
        }
    }

    private func opened() {
        state.withLock { $0.isOpening = false }
        endIfClosed()
    }

    private func connect(at uris: [AMQPURI]) async throws -> (consumer: Connection, publisher: Connection) {
        let loop = try ConnectionLoop(name: "rabbitmq")
        var settings = environment.configuration.connection
        settings.uris = uris
        let consumer = try await Connection.open(
            settings, on: loop, handlers: consumerHandlers, logger: environment.logger)
        state.withLock { ($0.consumer, $0.openConnections) = (consumer, $0.openConnections + 1) }
        // Both to one broker, whichever of the URIs that was.
        (settings.uris, settings.preferredAddress) = ([consumer.uri], consumer.address)
        let publisher = try await Connection.open(
            settings, on: loop, handlers: publisherHandlers, logger: environment.logger)
        state.withLock { ($0.publisher, $0.openConnections) = (publisher, $0.openConnections + 1) }
        return (consumer, publisher)
    }

    private func makeWriter(queues: AMQPChannel, confirming: AMQPChannel, trial: SizeTrial) -> Writer {
        Writer(
            node: environment.node, names: names, queues: queues, confirming: confirming, trial: trial,
            outbox: environment.outbox, readers: environment.batchReaders,
            confirmTimeout: environment.configuration.confirmTimeout, statistics: environment.statistics,
            echo: environment.echo,
            refuse: { [dispatcher = environment.dispatcher] in dispatcher.receiver?.refused($0, $1) },
            rejected: { [weak self] in self?.rejected($0) }, rank: environment.rank)
    }

    // MARK: Writing

    /// Has what waits in the outbox written, by the connection's thread or on the caller's.
    func requestWrite() throws(RabbitMQError) { try state.withLock { $0.publisher }?.requestWrite() }

    /// Tells everybody under which names this node is there, before it writes anything else: a callee knows by then
    /// whose a request is, and can call the caller's sessions.
    func introduce(_ announcement: Announcement?) async throws {
        guard let announcement, let writer = state.withLock({ $0.writer }) else { return }
        // A broker that takes no messages now (an alarm) is not waited for.
        try await stall.unlessStalled { try await writer.writeConfirmed(announcement) }
    }

    /// The channel of confirmed messages; nil: the session is still opening.
    var confirming: AMQPChannel? { state.withLock { $0.writer }?.confirming }

    /// Makes the channel of confirmed messages usable again, if the broker closed it.
    func reopenConfirming() async throws { try await state.withLock { $0.writer }?.reopenConfirming() }

    /// Tries sizes of messages whenever the writer asks for that, until the task is cancelled.
    func testSizes() async { await state.withLock { $0.writer }?.trial.run() }

    /// The broker did not take a message for a queue. Said once, for a cause has many messages.
    private func rejected(_ queue: QueueName) {
        let isNews = state.withLock { state in
            defer { state.isRejectionTold = true }
            return !state.isRejectionTold
        }
        environment.logger.log(
            level: isNews ? .warning : .debug,
            "the broker did not take a message: the queue's broker node is down, or a policy with max-length limits it",
            metadata: ["queue": "\(queue)"])
    }

    // MARK: Ending

    /// Ends this session. From any thread, any number of times.
    func end(_ reason: RabbitMQError) {
        let connections = state.withLock { state in
            if state.reason == nil { state.reason = names.withoutToken(reason) }
            state.isOver = true
            return [state.publisher, state.consumer]
        }
        for connection in connections { connection?.abort() }
        endIfClosed()
    }

    /// Says goodbye to the broker behind all that was written.
    func close(timeout: Duration) async {
        let (publisher, consumer) = state.withLock { ($0.publisher, $0.consumer) }
        // A broker that blocks publishers does not read their goodbye.
        if isStalled { publisher?.abort() }
        // The end of either is the end of both, and replies wait in this one.
        await publisher?.close(timeout: timeout)
        await consumer?.close(timeout: timeout)
    }

    /// Returns when both connections have ended, and nothing arrives any more.
    func over() async { await ended.wait() }

    /// The same, or when the task is cancelled.
    func overOrCancelled() async { await ended.waitUnlessCancelled() }

    private func closed(_ reason: RabbitMQError) {
        state.withLock { $0.openConnections -= 1 }
        end(reason)
    }

    private func endIfClosed() {
        if state.withLock({ $0.isOver && !$0.isOpening && $0.openConnections <= 0 }) { ended.fire() }
    }

    // MARK: Channels that may be refused

    /// Does on a channel of its own what the broker may refuse, which closes the channel and nothing else.
    /// - Returns: the channel. From now on its end is that of the session.
    /// - Throws: the refusal, or the end of the connection.
    func attempt(_ body: (AMQPChannel) async throws -> Void) async throws -> AMQPChannel {
        let channel = try await openChannel()
        tolerate(channel, true)
        do {
            try await body(channel)
            tolerate(channel, false)
            return channel
        } catch let error as RabbitMQError where error.code == .channelClosed || error.isPolicy {
            // Closed (once more) on this side, so that its number is free again. If it was not the broker's answer but
            // the caller's cancellation that ended this, the channel stays open, and its answer still finds it tolerated.
            try await channel.close()
            tolerate(channel, false)
            throw names.withoutToken(error)
        }
    }

    /// Opens a channel of the consuming connection.
    func openChannel() async throws -> AMQPChannel {
        guard let consumer = state.withLock({ $0.consumer }) else {
            throw RabbitMQError(.connectionClosed, "the connection is over")
        }
        return try await consumer.openChannel()
    }

    /// Says whether the refusal of a channel of the consuming connection is an answer and not the end.
    func tolerate(_ channel: AMQPChannel, _ isTolerated: Bool) {
        state.withLock { state in
            if isTolerated { state.tolerated.insert(channel.id) } else { state.tolerated.remove(channel.id) }
        }
    }

    // MARK: What the connections tell, on their thread

    private var consumerHandlers: ConnectionHandlers {
        ConnectionHandlers(
            deliveries: { self.environment.dispatcher.received($0, self.roles.all) },
            event: { self.handle($0, isPublisher: false) })
    }

    private var publisherHandlers: ConnectionHandlers {
        ConnectionHandlers(
            deliveries: { _ in },
            event: { self.handle($0, isPublisher: true) },
            write: { connection in self.state.withLock { $0.writer }?.write(connection) ?? false })
    }

    private func handle(_ event: ConnectionEvent, isPublisher: Bool) {
        switch event {
        case .returned(let message): environment.dispatcher.returned(message)
        case .skipped(let message): environment.dispatcher.skipped(message)
        case .unsent: break
        case .blocked(let reason):
            guard isPublisher else { break }
            environment.logger.warning("the broker blocks publishers", metadata: ["reason": "\(reason)"])
            stalled(true)
        case .unblocked:
            guard isPublisher else { break }
            environment.logger.notice("the broker takes messages again")
            stalled(false)
        case .consumerCancelled(_, let tag):
            guard let role = roles.role(of: tag), !role.isClosing else { return }
            end(RabbitMQError(.channelClosed, "the broker deleted the queue of \(tag)", outcome: .unknown))
        case .channelClosed(let id, let error): channelClosed(id, error, isPublisher: isPublisher)
        case .closed(let error): closed(error)
        }
    }

    private func stalled(_ isStalled: Bool) {
        stall.set(isStalled)
        environment.dispatcher.stalled(isStalled)
    }

    private func channelClosed(_ id: ChannelID, _ error: RabbitMQError, isPublisher: Bool) {
        let (isTolerated, writer) = state.withLock { ($0.tolerated.contains(id), $0.writer) }
        guard isPublisher else {
            if !isTolerated { end(error) }
            return
        }
        // The exchange was deleted: what waits for the channel waits until that is mended.
        if id == writer?.confirming.id, error.replyCode == 404 { return environment.losses.report() }
        // A trial of a size is refused on a channel of its own.
        if error.messageSizeLimit != nil, id == writer?.trial.channelID { return }
        end(error)
    }
}

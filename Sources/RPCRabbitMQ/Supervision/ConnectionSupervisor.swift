import Logging
import MqantAMQPURI
import MqantRPC
import MqantRabbitMQ
import Synchronization

/// Connects a node to its broker, and connects it again for as long as it runs.
///
/// `start` makes the first session, `shutdown` ends the last one. Between them `run` keeps one.
final class ConnectionSupervisor: Sendable {
    /// A session that lasted for so long was a good one: what ends it then is something new.
    private static let settlingTime = Duration.seconds(10)

    private let environment: SessionEnvironment
    private let configuration: TransportConfiguration
    private let dispatcher: DeliveryDispatcher
    private let logger: Logger
    private let present: PresentSession
    private let uris: BrokerURIs
    private let holders: IdHolders
    private let sender: EnvelopeSender
    private let instances: InstanceQueues
    private let keeper: IdKeeper
    private let announcements: AnnouncementWatch
    private let majority: MajorityWatch

    private let isRunning = Mutex(false)
    /// Fires when there is a first session.
    private let started = Signal()
    /// Fires when `run` shall return.
    private let stopping = Signal()
    /// Fires when `run` is about to return.
    private let stopped = Signal()

    init(
        _ environment: SessionEnvironment, present: PresentSession, holders: IdHolders, sender: EnvelopeSender,
        instances: InstanceQueues, keeper: IdKeeper
    ) {
        self.environment = environment
        configuration = environment.configuration
        dispatcher = environment.dispatcher
        logger = environment.logger
        self.present = present
        self.holders = holders
        self.sender = sender
        self.instances = instances
        self.keeper = keeper
        uris = BrokerURIs(environment.configuration)
        announcements = AnnouncementWatch(
            configuration: environment.configuration, present: present, echo: environment.echo,
            losses: environment.losses, dispatcher: environment.dispatcher, logger: environment.logger)
        majority = MajorityWatch(
            node: environment.node, configuration: environment.configuration, uris: uris, logger: environment.logger)
    }

    // MARK: The first session

    /// Connects, trying for `startTimeout`: the broker, its user or a permission may come later.
    func start() async throws(RPCError) {
        let end = ContinuousClock.now + configuration.startTimeout
        var backoff = Backoff(longest: configuration.reconnectPause)
        var warning = RepeatedWarning(logger: logger)
        while true {
            do {
                try begin(try await connect())
                return started.fire()
            } catch {
                guard !Task.isCancelled, !present.isShutDown else { throw .startCancelled }
                let error = error as? RabbitMQError ?? RabbitMQError(.closedLocally, "given up", underlying: error)
                warning.log("cannot use the broker yet", error.advice, configuration.brokers)
                guard ContinuousClock.now < end else { throw .unusable(error, at: configuration.brokers) }
                guard await backoff.pause() else { throw .startCancelled }
            }
        }
    }

    private func connect() async throws -> BrokerSession {
        let session = BrokerSession(environment)
        defer { if let uri = session.uri { uris.connected(to: uri) } }
        try await session.open(at: uris.order)
        environment.statistics.countConnection()
        return session
    }

    /// From now on everything is sent on this session.
    private func begin(_ session: BrokerSession) throws {
        guard present.begin(session) else {
            let error = RabbitMQError(.closedLocally, "this node is shutting down")
            session.end(error)
            throw error
        }
        environment.outbox.connectionOpened()
    }

    // MARK: Keeping a session

    /// Keeps the connection. Returns after `shutdown`, or when the task is cancelled; then the present session stays, and
    /// no other one follows.
    func run() async {
        let isFirst = isRunning.withLock { isRunning in
            defer { isRunning = true }
            return !isRunning
        }
        guard isFirst else { return await stopped.waitUnlessCancelled() }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keepConnection() }
            group.addTask { await self.sender.expireConfirmed() }
            group.addTask { await self.announcements.watch() }
            group.addTask { await self.announcements.restore() }
            await stopping.waitUnlessCancelled()
            group.cancelAll()
        }
        stopped.fire()
    }

    /// Connects again whenever a session is over. Sessions that end as soon as they are made are made ever more slowly,
    /// and logged once.
    private func keepConnection() async {
        await started.waitUnlessCancelled()
        var backoff = Backoff(longest: configuration.reconnectPause)
        var warning = RepeatedWarning(logger: logger)
        while let session = present.session, !Task.isCancelled {
            let began = ContinuousClock.now
            await look(after: session)
            guard session.isOver, !Task.isCancelled, !present.isShutDown else { return }
            await session.over()
            let isSettled = ContinuousClock.now - began >= Self.settlingTime
            if isSettled {
                backoff = Backoff(longest: configuration.reconnectPause)
                warning = RepeatedWarning(logger: logger)
            }
            leaveSession()
            warning.log("connection to the broker lost", session.reason?.advice ?? "", configuration.brokers)
            tellBroken()
            if !isSettled, await !backoff.pause() { return }
            await reconnect(&backoff, &warning)
        }
    }

    /// Runs what a session needs, until it is over or the task is cancelled.
    private func look(after session: BrokerSession) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await session.testSizes() }
            group.addTask { await self.keeper.keep(on: session) }
            group.addTask { await self.majority.watch(session) }
            await session.overOrCancelled()
            group.cancelAll()
        }
    }

    /// Returns with the next session, or without one if the task is cancelled.
    private func reconnect(_ backoff: inout Backoff, _ warning: inout RepeatedWarning) async {
        while !present.isShutDown {
            do {
                let session = try await connect()
                do {
                    try await restore(session)
                } catch {
                    session.end(error as? RabbitMQError ?? RabbitMQError(.closedLocally, "given up"))
                    await session.over()
                    leaveSession()
                    tellBroken()
                    throw session.reason ?? error
                }
                if warning.takeAllClear() {
                    logger.notice(
                        "connected to the broker again", metadata: ["uri": "\(session.uri?.description ?? "")"])
                }
                return
            } catch {
                guard !Task.isCancelled else { return }
                let reason = (error as? RabbitMQError)?.advice ?? String(describing: error)
                warning.log("cannot reconnect to the broker yet", reason, configuration.brokers)
                guard await backoff.pause() else { return }
            }
        }
    }

    /// Brings everything back under new names: instances first, for calls wait for them, and then what waits is written.
    private func restore(_ session: BrokerSession) async throws {
        let names = try await instances.restore(on: session)
        // Who hears that it is open may send at once.
        environment.outbox.connectionOpened()
        dispatcher.receiver?.connectionChanged(.opened(renamed: names))
        try await session.introduce(environment.outbox.takeAnnouncement())
        try begin(session)
        // That said that all is well.
        if session.isStalled { dispatcher.stalled(true) }
        sender.wake()
    }

    private func leaveSession() {
        present.end()
        sender.connectionLost()
    }

    private func tellBroken() {
        // What others say from now on is missed.
        holders.clear()
        environment.echo.reset()
        dispatcher.receiver?.connectionChanged(.broke(unwritten: environment.outbox.calls) { _ in true })
    }

    // MARK: The end

    /// Writes what waits, says goodbye to the broker, and has `run` return.
    func shutdown() async {
        let session = present.shutDown()
        if let session, !session.isOver {
            let end = ContinuousClock.now + configuration.closeTimeout
            await sender.flush(to: session, until: end)
            await session.close(timeout: max(configuration.closeTimeout / 4, end - .now))
        }
        await finish(session)
    }

    /// Ends as SIGKILL ends a process: nothing more is written, and no goodbye said. For tests.
    func abort() async {
        let session = present.shutDown()
        dispatcher.stop()
        await finish(session)
    }

    /// Loses the connection, as a cut link does. For tests.
    func cut() { present.session?.end(RabbitMQError(.connectionClosed, "cut", outcome: .unknown)) }

    private func finish(_ session: BrokerSession?) async {
        session?.end(RabbitMQError(.closedLocally, "this node is shutting down"))
        stopping.fire()
        if isRunning.withLock({ $0 }) { await stopped.wait() }
        await session?.over()
        leaveSession()
        sender.close()
        dispatcher.stop()
    }
}

package import Logging
package import NIOCore
import Synchronization

/// This process's part in the cluster: its instances, its view of the others, and its calls.
///
/// A call to an instance of this very process goes straight to its `RPCServer`; all others through the transport.
package final class RPCNode: Sendable {
    /// What a node is told when it is made.
    package struct Configuration: Sendable {
        /// How long a call waits for its reply unless it says otherwise.
        package var defaultTimeout: TimeAmount = .seconds(10)
        /// Calls that may be out at a time; further ones fail as `overloaded`.
        package var maxCalls = 100_000
        /// Bounds of every instance.
        package var server = RPCServer.Configuration()
        /// Threads for functions that block, of all instances together.
        package var blockingThreads = max(2, min(64, System.coreCount))
        /// How often nodes look after each other, and how long they wait for what; nil if the process is the whole cluster.
        package var membership: MembershipTiming?
        /// The address of this machine, for people.
        package var host = "127.0.0.1"
        /// The time by which calls are due.
        package var clock = NodeClock()
        /// Where functions run; nil: on Swift's pool, or on the thread that delivers the call.
        package var executor: (any TaskExecutor)?

        package init() {}
    }

    struct State {
        var calls: CallTable<PendingCall>
        var view: ClusterView
        var servers: [InstanceID: RPCServer] = [:]
        /// Which instance a queue of this node belongs to.
        var queues: [QueueName: RPCServer] = [:]
        var timer: Scheduled<Void>?
        var timerDeadline = NIODeadline.distantFuture
        /// Counts what this node has announced to all.
        var announcements: UInt64 = 0
        var repeatedTasks: [RepeatedTask] = []
        /// The next repetition of the announcement.
        var repetition: Scheduled<Void>?
        /// Calls that wait for an instance to come back, in the order in which they were made.
        var parked: [CorrelationID] = []
        /// Pushes to groups among them: none may overtake another.
        var parkedPushes = ParkedPushes()
        /// False while nothing can be heard of others, or they cannot say anything.
        var judgesSilence = true
        /// When this node's probe of itself last came back; nil: never.
        var lastEcho: NIODeadline?
        /// What observers, readers and the log have been told.
        var changes = MembershipChanges()
        var eventReaders: [UInt64: AsyncStream<MembershipEvent>.Continuation] = [:]
        var lastReader: UInt64 = 0
        /// The queues that the transport was told to send batches to, and when.
        var batchReaders: Set<QueueName> = []
        var readersRevision: UInt64 = 0
        /// Nodes of another version, of which the log has been told.
        var foreigners: Set<NodeID> = []
        /// When this node last announced itself to all who asked, and whether it is about to.
        var lastAnswer: NIODeadline?
        var willAnswer = false
        /// Names of queues that changed while an instance was about to be served.
        var renamed: [QueueName: QueueName] = [:]
        var pendingServes = 0
        /// Counts the queues and connections that instances of this node have had.
        var generation: UInt64 = 0
        var viewObservers: [@Sendable () -> Void] = []
        /// The version of the view that the observers were last called for.
        var observedVersion: UInt64 = 0
        /// Set by `shutdown`: no calls, and no announcement after the goodbye.
        var isShutDown = false
    }

    package let id: NodeID
    package let configuration: Configuration
    package let statistics = RPCClientStatistics()
    /// The time by which this node's calls and its modules' timers are due. What it makes of others' silence is by the system's.
    package let clock: NodeClock
    let transport: any Transport
    let timing: MembershipTiming
    let groups: GroupService
    let blockingThreads: BlockingThreads
    let logger: Logger
    /// Drives deadlines and announcements; for short work only.
    package let eventLoop: any EventLoop
    let state: Mutex<State>

    /// - Parameter eventLoop: drives deadlines and announcements; completions of calls that time out run on it.
    package init(
        id: NodeID, transport: any Transport, configuration: Configuration = .init(), eventLoop: any EventLoop,
        logger: Logger
    ) {
        self.id = id
        self.transport = transport
        self.configuration = configuration
        blockingThreads = BlockingThreads(count: configuration.blockingThreads)
        self.eventLoop = eventLoop
        self.logger = logger
        clock = configuration.clock
        groups = GroupService(
            node: id, transport: transport, eventLoop: eventLoop, clock: configuration.clock, statistics: statistics,
            logger: logger)
        timing = configuration.membership ?? MembershipTiming()
        let view = ClusterView(MembershipTable(own: id, timing: timing))
        state = Mutex(State(calls: CallTable(now: clock.now), view: view))
    }

    /// See `Transport.maximumSessionSize`.
    package var maximumSessionSize: Int? { transport.maximumSessionSize }

    /// Connects the transport and begins to announce the node.
    package func start() async throws(RPCError) {
        try await transport.start(self)
        guard configuration.membership != nil else {
            announce()
            return transport.ask()
        }
        becomeAcquainted()
        let pause = timing.probeInterval
        let watch = eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { [weak self] _ in
            self?.watchPeers()
            self?.probeSilentCallees()
        }
        state.withLock { $0.repeatedTasks = [watch] }
        scheduleRepetition()
    }

    /// Keeps the node connected. Whoever starts a node runs this in a task beside it, until `shutdown` has it return.
    /// A cancelled one no longer connects again.
    package func run() async { await transport.run() }

    /// Begins to serve an instance: from its return on, every node that knows of it may call.
    package func serve(_ server: RPCServer) async throws(RPCError) {
        state.withLock { $0.pendingServes += 1 }
        let opened: Result<QueueName, RPCError>
        do throws(RPCError) {
            let queue = try await transport.openQueue(for: server.instance)
            opened = .success(queue)
        } catch {
            opened = .failure(error)
        }
        let instance = try state.withLock { (state) throws(RPCError) in
            state.pendingServes -= 1
            defer { if state.pendingServes == 0 { state.renamed = [:] } }
            var queue = try opened.get()
            while let newer = state.renamed[queue] { queue = newer }
            state.servers[server.instance] = server
            state.queues[queue] = server
            state.generation += 1
            var instance = InstanceDescription(id: server.instance, type: server.type, queue: queue)
            instance.isGate = server.groupReceiver != nil
            (instance.life, instance.generation) = (state.generation, state.generation)
            state.view.addLocal(instance)
            return instance
        }
        serveGroups(of: instance, receiver: server.groupReceiver)
        tellViewObservers()
        announce()
    }

    /// Ends serving an instance: no new calls, then those that it has are finished.
    ///
    /// - Parameter bound: how long to wait for calls in hand; those that take longer are given up.
    package func withdraw(_ server: RPCServer, within bound: TimeAmount = .seconds(10)) async {
        let queue = state.withLock { state in
            let queue = state.view.local[server.instance]?.queue
            state.view.removeLocal(server.instance)
            return queue
        }
        guard let queue else { return }
        tellViewObservers()
        announce()
        let end = NIODeadline.now() + bound
        // To callers, a queue that is gone is a process that is gone: it stays for as long as it has brought calls.
        await waitUntilIdle(server, until: end - Self.closingTime)
        await transport.closeQueue(queue)
        await drain(server, within: max(.zero, end - .now()))
        state.withLock { state in
            // A reconnect may have renamed its queue meanwhile.
            let queues = state.queues.filter { $0.value === server }.keys
            state.servers[server.instance] = nil
            for queue in queues { state.queues[queue] = nil }
        }
        groups.remove(server.instance)
    }

    /// How long a queue takes to close, and then stragglers to be answered.
    private static var closingTime: TimeAmount { .seconds(3) }

    private func waitUntilIdle(_ server: RPCServer, until end: NIODeadline) async {
        while server.load.running + server.load.waiting > 0, NIODeadline.now() < end {
            // Polled: this happens once in an instance's life, and calls may come in still, so that its end would be no event.
            do { try await Task.sleep(for: .milliseconds(5)) } catch { return }
        }
    }

    private func drain(_ server: RPCServer, within bound: TimeAmount) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await server.drain() }
            // What takes longer is given up: the node has to end.
            group.addTask { try? await Task.sleep(for: .nanoseconds(bound.nanoseconds)) }
            await group.next()
            group.cancelAll()
        }
        let load = server.load
        guard load.running + load.waiting > 0 else { return }
        logger.warning(
            "calls given up at shut-down",
            metadata: ["instance": "\(server.instance)", "running": "\(load.running)", "waiting": "\(load.waiting)"])
    }

    /// Says goodbye, ends the calls that are still out, and disconnects.
    package func shutdown() async {
        announce(isGoodbye: true)
        let (pending, timer, repetition, tasks, readers) = state.withLock { state in
            defer {
                state.timer = nil
                state.timerDeadline = .distantFuture
                state.repetition = nil
                state.repeatedTasks = []
                state.eventReaders = [:]
            }
            return (
                state.calls.removeAll { _ in true }, state.timer, state.repetition, state.repeatedTasks,
                state.eventReaders.values
            )
        }
        for reader in readers { reader.finish() }
        timer?.cancel()
        repetition?.cancel()
        for task in tasks { task.cancel() }
        for call in pending {
            call.completion(.failure(RPCError(.shuttingDown, "this node is shutting down", outcome: .unknown)))
        }
        blockingThreads.end()
        await transport.shutdown()
    }
}

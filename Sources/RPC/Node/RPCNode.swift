package import Logging
package import NIOCore
import Synchronization

/// This process's part in the cluster: its instances, its view of the others, and its calls.
///
/// What it is made of shares one lock (`NodeCore`): values decide, and a part for each concept does what they have
/// decided.
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
        /// How often nodes look after each other, and how long they wait for what; nil if the process is the whole
        /// cluster.
        package var membership: MembershipTiming?
        /// The address of this machine, for people.
        package var host = "127.0.0.1"
        /// The time by which calls are due.
        package var clock = NodeClock()
        /// Where functions run; nil: on Swift's pool, or on the thread that delivers the call.
        package var executor: (any TaskExecutor)?

        package init() {}
    }

    package let id: NodeID
    package let configuration: Configuration
    package let statistics: RPCClientStatistics
    /// The time by which this node's calls and its modules' timers are due. What it makes of others' silence is by the
    /// system's.
    package let clock: NodeClock
    /// Drives deadlines and announcements; for short work only.
    package let eventLoop: any EventLoop
    package let environment: RPCServer.Environment
    let core: NodeCore
    let calls: CallDispatcher
    let instances: InstanceService
    let membership: MembershipAgent
    let announcer: Announcer
    let publisher: ViewPublisher
    let groups: GroupService
    let pushes: PushRouter

    /// - Parameter eventLoop: drives deadlines and announcements; completions of calls that time out run on it.
    package init(
        id: NodeID, transport: any Transport, configuration: Configuration = .init(), eventLoop: any EventLoop,
        logger: Logger
    ) {
        self.id = id
        self.configuration = configuration
        self.eventLoop = eventLoop
        clock = configuration.clock
        environment = RPCServer.Environment(
            configuration: configuration.server, clock: configuration.clock,
            blockingThreads: BlockingThreads(count: configuration.blockingThreads), executor: configuration.executor)
        core = NodeCore(
            id: id, transport: transport, configuration: configuration, eventLoop: eventLoop, logger: logger)
        statistics = core.statistics
        groups = GroupService(
            node: id, transport: transport, eventLoop: eventLoop, clock: configuration.clock, statistics: statistics,
            logger: logger)
        publisher = ViewPublisher(core, groups)
        announcer = Announcer(core)
        calls = CallDispatcher(core, publisher)
        instances = InstanceService(core, groups, publisher, announcer)
        membership = MembershipAgent(core, publisher, calls, announcer)
        pushes = PushRouter(core, groups, calls, publisher, announcer)
    }

    // MARK: Life

    /// Connects the transport and begins to announce the node.
    package func start() async throws(RPCError) {
        try await core.transport.start(self)
        membership.start()
    }

    /// Keeps the node connected. Whoever starts a node runs this in a task beside it, until `shutdown` has it return.
    /// A cancelled one no longer connects again.
    package func run() async { await core.transport.run() }

    /// Begins to serve an instance: from its return on, every node that knows of it may call.
    package func serve(_ server: RPCServer) async throws(RPCError) { try await instances.serve(server) }

    /// Ends serving an instance: no new calls, then those that it has are finished.
    ///
    /// - Parameter bound: how long to wait for calls in hand; those that take longer are given up.
    package func withdraw(_ server: RPCServer, within bound: TimeAmount = .seconds(10)) async {
        await instances.withdraw(server, within: bound)
    }

    /// Says goodbye, ends the calls that are still out, and disconnects.
    package func shutdown() async {
        let out = calls.close()
        membership.close()
        publisher.close()
        for call in out {
            call.completion(.failure(RPCError(.shuttingDown, "this node is shutting down", outcome: .unknown)))
        }
        environment.blockingThreads.end()
        await core.transport.shutdown()
    }

    // MARK: The cluster

    /// A copy of what this node knows of the cluster.
    package var view: ClusterView { core.state.withLock { $0.view } }

    /// Has `observer` called after every change of who is live or unreachable, or of the queues of this node's own
    /// instances.
    ///
    /// It is called on any thread, maybe several at a time, must not block, and reads `view` itself: two changes that
    /// follow each other may be seen as one. Observers stay as long as the node.
    package func observeView(_ observer: @escaping @Sendable () -> Void) { publisher.observe(observer) }

    /// What happens to other nodes, and first who is there. A reader that is more than 1024 events behind loses the
    /// oldest.
    package func membershipEvents() -> AsyncStream<MembershipEvent> { publisher.events() }

    /// True if any live instance of the type is known.
    package func hasInstance(of type: ModuleType) -> Bool {
        core.state.withLock { !$0.view.candidates(of: type).isEmpty }
    }

    /// True if more than one live instance of the type is known.
    package func hasSeveralInstances(of type: ModuleType) -> Bool {
        core.state.withLock { $0.view.candidates(of: type).count > 1 }
    }

    /// See `Transport.maximumSessionSize`.
    package var maximumSessionSize: Int? { core.transport.maximumSessionSize }
}

extension RPCNode: RPCServerHost {
    package func broker(of instance: InstanceID) -> String? { core.transport.broker(of: instance) }

    package func receiveGroupRequest(
        _ request: RPCRequest, for instance: InstanceID, completion: @escaping RPCServer.Completion
    ) -> Bool {
        pushes.receive(request, for: instance, completion: completion)
    }
}

package import Logging
import NIOCore
import Synchronization

/// Serves the functions of one instance: decodes nothing itself, but decides what runs when and where.
///
/// At most `maxInFlight` handlers run at a time; `maxWaiting` more calls wait in line; further ones are answered
/// `overloaded` at once. `drain` awaits the end of all of them.
public final class RPCServer: Sendable {
    /// The bounds of an instance.
    public struct Configuration: Sendable {
        /// Handlers that run at a time.
        public var maxInFlight = 10_000
        /// Calls that wait for a handler to end.
        public var maxWaiting = 10_000

        /// The defaults.
        public init() {}
    }

    package typealias Completion = @Sendable (RPCReply) -> Void

    private struct State: ~Copyable {
        var table: FunctionTable
        var groupReceiver: GroupReceiver?
        var jobs: JobQueue
    }

    /// The module type that is served.
    public let type: ModuleType
    /// The instance that is served.
    public let instance: InstanceID
    /// The node that serves it: where handlers' sessions send their operations.
    package let node: any RPCServerHost
    package let statistics = RPCServerStatistics()
    private let times = HandlerTimes()
    private let began = NIODeadline.now()
    private let logger: Logger
    private let environment: Environment
    private let state: Mutex<State>
    private let hasSiblings = Atomic(false)

    package init(type: ModuleType, instance: InstanceID, node: any RPCServerHost, logger: Logger) {
        self.type = type
        self.instance = instance
        self.node = node
        self.logger = logger
        environment = node.environment
        let configuration = environment.configuration
        state = Mutex(
            State(
                table: FunctionTable(type: type),
                jobs: JobQueue(maxRunning: configuration.maxInFlight, maxWaiting: configuration.maxWaiting)))
    }

    // MARK: Registration

    /// Adds a function.
    /// - Throws: `RegistrationError` if the instance has one of this name.
    func add(_ function: FunctionTable.Function, named name: String) throws(RegistrationError) {
        // Here, in the node's start: threads are not made later, when calls wait for them.
        if function.place == .blockingThread { environment.blockingThreads.start() }
        try state.withLock { (state) throws(RegistrationError) in try state.table.add(function, named: name) }
    }

    /// Has `mqantserver status` show a number of the module's own, such as a Gate's sessions.
    ///
    /// - Parameters:
    ///   - name: what it is called: a name like that of a function.
    ///   - value: called on any thread when somebody asks; must not block.
    /// - Throws: `RegistrationError` for a name that cannot be used, or is used already.
    public func report(_ name: String, _ value: @escaping @Sendable () -> Int) throws(RegistrationError) {
        try RegistrationError.check(name, of: "number", for: type)
        try state.withLock { (state) throws(RegistrationError) in try state.table.add(value, named: name) }
    }

    /// Has pushes to groups that the instance subscribes to delivered to `receiver`, on any thread, in each group's
    /// order: makes a Gate of it. Called before the instance is served.
    /// - Parameter superseded: told which session has lost its user, by the user's group, to another session.
    package func receivePushes(
        _ receiver: @escaping @Sendable (GroupPush) -> Void,
        superseded: @escaping @Sendable (SessionID, GroupName) -> Void = { _, _ in }
    ) {
        state.withLock { $0.groupReceiver = GroupReceiver(push: receiver, superseded: superseded) }
    }

    var groupReceiver: GroupReceiver? { state.withLock { $0.groupReceiver } }

    // MARK: How it is doing

    /// How the instance is doing.
    package var status: InstanceStatus {
        let load = load
        let gauges = state.withLock { $0.table.allGauges }
        return InstanceStatus(
            id: instance, type: type, uptime: Double((NIODeadline.now() - began).nanoseconds) / 1e9,
            running: load.running, waiting: load.waiting, calls: statistics.answered, errors: statistics.failed,
            p99: times.value(atPercentile: 99), broker: node.broker(of: instance),
            gauges: gauges.mapValues { $0() })
    }

    /// The names of all functions, sorted.
    public var functionNames: [String] { state.withLock { $0.table.names } }

    /// The names of the functions that may be called again when a call was interrupted, sorted.
    package var idempotentFunctionNames: [String] { state.withLock { $0.table.idempotentNames } }

    /// Who answers its calls. How busy it is concerns those who can choose.
    var responder: Responder {
        guard tellsLoad else { return Responder(instance) }
        let load = load
        return Responder(instance, load: InstanceLoad(calls: load.running + load.waiting, isFull: load.isFull))
    }

    /// Whether other instances of the type are live.
    var tellsLoad: Bool {
        get { hasSiblings.load(ordering: .relaxed) }
        set { hasSiblings.store(newValue, ordering: .relaxed) }
    }

    /// Handlers that run, and calls that wait.
    package var load: (running: Int, waiting: Int, isFull: Bool) { state.withLock { $0.jobs.load } }

    // MARK: Calls

    /// Takes a call in. `completion` is called once, on any thread; at once, on this one, if the call is refused.
    package func receive(_ request: RPCRequest, completion: @escaping Completion) {
        if request.function.utf8.first == UInt8(ascii: "$"), receiveFramework(request, completion) { return }
        enum Decision {
            case run(Job)
            case wait
            case refuse(RPCError)
        }
        let decision: Decision = state.withLock { state in
            guard let function = state.table[request.function] else {
                return .refuse(state.jobs.isClosed ? .withdrawn : .functionNotFound(request.function))
            }
            let job = Job(request: request, function: function, completion: completion)
            return switch state.jobs.admit(job) {
            case .run: .run(job)
            case .wait: .wait
            case .overloaded: .refuse(RPCError(.overloaded, "\(type) is overloaded"))
            case .closed: .refuse(.withdrawn)
            }
        }
        switch decision {
        case .run(let job):
            start(job)
        case .wait:
            break
        case .refuse(let error):
            statistics.count(error.code)
            completion(.failure(error))
        }
    }

    /// Takes a call of the framework's own in.
    /// - Returns: false if it is none, or one that is served like any other.
    private func receiveFramework(_ request: RPCRequest, _ completion: @escaping Completion) -> Bool {
        if request.function == InstanceStatus.function {
            // Answered even by an instance that is full: it is then that somebody asks.
            completion(Result { () throws(RPCError) in try ArgumentCoding.encode(result: status) })
            return true
        }
        return node.receiveGroupRequest(request, for: instance, completion: completion)
    }

    /// Notes that the session of a running call changed, so that calls which wait in its lane see the change.
    package func sessionChanged(_ session: SessionBox) {
        state.withLock { $0.jobs.sessionChanged(session) }
    }

    /// Returns when nothing runs and nothing waits, or when its task is cancelled. From its return on, calls are
    /// refused as not delivered.
    package func drain() async {
        let id = state.withLock { $0.jobs.newIdleWaiter() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { $0.jobs.wait(id, continuation, isCancelled: Task.isCancelled) }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.jobs.giveUp(id) }?.resume()
        }
        // Modules may keep sessions, which refer to this server; it refers to their functions no longer.
        let table = state.withLock { state in
            defer { state.table = FunctionTable(type: type) }
            return state.table
        }
        withExtendedLifetime(table) {}
    }

    // MARK: Running

    /// Has a job run where its function wants to. Nobody awaits it, but `drain` awaits its end.
    private func start(_ job: Job) {
        // A test's, in whose hand all of it is.
        if let executor = environment.executor {
            Task(executorPreference: executor) { await self.run(job) }
            return
        }
        switch job.function.place {
        case .deliveringThread where CallDepth.enter():
            defer { CallDepth.leave() }
            guard var next = runHere(job) else { return }
            while let job = runHere(next) { next = job }
        case .deliveringThread, .pool:
            Task { await self.run(job) }
        case .blockingThread:
            environment.blockingThreads.submit { isRunning in self.runBlocking(job, isRunning: isRunning) }
        }
    }

    /// Runs a job on this task, and then those that waited for it as long as they begin at the same place.
    private func run(_ first: Job) async {
        var job = first
        while true {
            let began = environment.clock.now
            if !isExpired(job, at: began) {
                switch job.function.body {
                case .direct(let body):
                    switch body(job.request) {
                    case .ended(let reply): answer(job, with: reply, began: began)
                    case .awaits(let rest): answer(job, with: await rest(), began: began)
                    }
                case .asynchronous(let body): answer(job, with: await body(job.request), began: began)
                }
            }
            guard let next = finish(job) else { return }
            guard next.function.place == job.function.place else { return start(next) }
            job = next
        }
    }

    /// Runs what is left of a job on this task, and then those that waited for it.
    private func runRest(of job: Job, _ rest: @Sendable () async -> RPCReply, began: NIODeadline) async {
        answer(job, with: await rest(), began: began)
        guard let next = finish(job) else { return }
        guard next.function.place == job.function.place else { return start(next) }
        await run(next)
    }

    /// Runs a job on this thread, with a task only if it awaits. That runs the next ones, too.
    /// - Returns: the one to run here next.
    private func runHere(_ job: Job) -> Job? {
        guard case .direct(let body) = job.function.body else {
            _ = Task.immediate { await self.run(job) }
            return nil
        }
        let began = environment.clock.now
        if !isExpired(job, at: began) {
            switch body(job.request) {
            case .ended(let reply): answer(job, with: reply, began: began)
            case .awaits(let rest):
                _ = Task.immediate { await self.runRest(of: job, rest, began: began) }
                return nil
            }
        }
        guard let next = finish(job) else { return nil }
        if next.function.place == .deliveringThread { return next }
        start(next)
        return nil
    }

    /// Runs a job on a thread that it may block. The next one takes its turn behind those of other instances.
    ///
    /// - Parameter isRunning: false if the threads have ended, with the node.
    private func runBlocking(_ job: Job, isRunning: Bool) {
        guard isRunning else { return giveUp(job) }
        let began = environment.clock.now
        // A function that may block has ended when it returns.
        if !isExpired(job, at: began), case .direct(let body) = job.function.body,
            case .ended(let reply) = body(job.request)
        {
            answer(job, with: reply, began: began)
        }
        if let next = finish(job) { start(next) }
    }

    /// Ends a job whose threads are gone, and those behind it that want them too.
    private func giveUp(_ job: Job) {
        var job = job
        while true {
            statistics.count(.shuttingDown)
            job.completion(.failure(RPCError(.shuttingDown, "this node is shutting down")))
            guard let next = finish(job) else { return }
            guard next.function.place == .blockingThread else { return start(next) }
            job = next
        }
    }

    /// Whether nobody waits for a job's end any more; it is counted then.
    private func isExpired(_ job: Job, at now: NIODeadline) -> Bool {
        guard let deadline = job.request.deadline, deadline < now else { return false }
        statistics.countExpired()
        // The caller of a call has its deadline; that of a cast hears of its end from here alone.
        if job.request.correlationID == nil { job.completion(.failure(.timeout(job.request.function))) }
        return true
    }

    private func answer(_ job: Job, with reply: RPCReply, began: NIODeadline) {
        let end = environment.clock.now
        times.record(end - began, now: end)
        statistics.count(reply)
        job.completion(reply)
    }

    /// - Returns: what to run next.
    private func finish(_ job: Job) -> Job? {
        let (next, waiters) = state.withLock { $0.jobs.finish(job) }
        for waiter in waiters { waiter.resume() }
        return next
    }
}

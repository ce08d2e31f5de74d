package import Logging
import NIOCore
import Synchronization

/// Serves the functions of one instance: decodes nothing itself, but decides what runs when.
///
/// At most `maxInFlight` handlers run at a time; `maxWaiting` more calls wait in line; further ones are answered
/// `overloaded` at once. A handler runs in a task of its own; `drain` awaits all of them.
public final class RPCServer: Sendable {
    /// The bounds of an instance.
    public struct Configuration: Sendable {
        /// Handlers that run at a time.
        public var maxInFlight = 10_000
        /// Calls that wait for a handler to end.
        public var maxWaiting = 10_000

        public init() {}
    }

    typealias Handler = @Sendable (RPCRequest) async -> RPCReply
    package typealias Completion = @Sendable (RPCReply) -> Void

    struct Function: Sendable {
        var handler: Handler
        var options: FunctionOptions
    }

    struct Job: Sendable {
        var request: RPCRequest
        var function: Function
        var completion: Completion
    }

    fileprivate struct State: ~Copyable {
        var functions: [String: Function] = [:]
        var gauges: [String: @Sendable () -> Int] = [:]
        var pushReceiver: (@Sendable (GroupPush) -> Void)?
        var lanes: Lanes<Job>
        /// Sessions that a handler changed while others of their lane waited: those carry the state from before.
        var changedSessions: [SessionID: SessionBox] = [:]
        /// Set once `drain` found nothing to do: nothing is taken in any more.
        var isClosed = false
        var idleWaiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var idleWaiterCount: UInt64 = 0
    }

    /// The module type that is served.
    public let type: ModuleType
    /// The instance that is served.
    public let instance: InstanceID
    /// The node that serves it: where handlers' sessions send their operations.
    package let node: RPCNode
    package let statistics = RPCServerStatistics()
    private let times = HandlerTimes()
    private let began = NIODeadline.now()
    private let logger: Logger
    private let state: Mutex<State>

    package init(type: ModuleType, instance: InstanceID, node: RPCNode, logger: Logger) {
        self.type = type
        self.instance = instance
        self.node = node
        let configuration = node.configuration.server
        self.logger = logger
        state = Mutex(
            State(lanes: Lanes(maxRunning: configuration.maxInFlight, maxWaiting: configuration.maxWaiting)))
    }

    /// Registers a function over the payload as it came: for bytes, and for functions that decode by themselves.
    ///
    /// - Parameters:
    ///   - name: the function's name; registering one again replaces it.
    ///   - options: how it runs; by default `.perSession` for `Handler_…`, else `.concurrent`.
    ///   - body: called on any thread. What it throws is what the caller sees.
    public func registerRaw(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (RPCRequest) async throws -> Payload
    ) {
        let function = Function(
            handler: { request in
                do { return .success(try await body(request)) } catch { return .failure(RPCError(answering: error)) }
            },
            options: options ?? .default(for: name))
        state.withLock { $0.functions[name] = function }
    }

    /// Has `mqantserver status` show a number of the module's own, such as a Gate's sessions.
    ///
    /// - Parameters:
    ///   - name: what it is called; reporting under it again replaces it.
    ///   - value: called on any thread when somebody asks; must not block.
    public func report(_ name: String, _ value: @escaping @Sendable () -> Int) {
        state.withLock { $0.gauges[name] = value }
    }

    /// Has pushes to groups that the instance is bound to delivered to `receiver`, on any thread, in each group's order.
    /// Called before the instance is served, which then fails if the broker would let it be bound to none.
    package func receivePushes(_ receiver: @escaping @Sendable (GroupPush) -> Void) {
        state.withLock { $0.pushReceiver = receiver }
    }

    var pushReceiver: (@Sendable (GroupPush) -> Void)? { state.withLock { $0.pushReceiver } }

    /// How the instance is doing.
    package var status: InstanceStatus {
        let load = load
        let gauges = state.withLock { $0.gauges }
        return InstanceStatus(
            id: instance, type: type, uptime: Double((NIODeadline.now() - began).nanoseconds) / 1e9,
            running: load.running, waiting: load.waiting, calls: statistics.answered, errors: statistics.failed,
            p99: times.value(atPercentile: 99), gauges: gauges.mapValues { $0() })
    }

    /// The names of all functions, sorted.
    public var functionNames: [String] { state.withLock { $0.functions.keys.sorted() } }

    /// The names of the functions that may be called again when a call was interrupted, sorted.
    package var idempotentFunctionNames: [String] {
        state.withLock { $0.functions.filter(\.value.options.isIdempotent).keys.sorted() }
    }

    /// Handlers that run, and calls that wait.
    package var load: (running: Int, waiting: Int, isFull: Bool) {
        state.withLock { ($0.lanes.running, $0.lanes.waiting, $0.lanes.isFull) }
    }

    /// Takes a call in. `completion` is called once, on any thread; at once, on this one, if the call is refused.
    package func receive(_ request: RPCRequest, completion: @escaping Completion) {
        enum Decision {
            case run(Job)
            case wait
            case refuse(RPCError)
        }
        if request.function == InstanceStatus.function {
            // Answered even by an instance that is full: it is then that somebody asks.
            return completion(Result { () throws(RPCError) in try ArgumentCoding.encode(result: status) })
        }
        let decision: Decision = state.withLock { state in
            guard !state.isClosed else { return .refuse(.withdrawn(instance)) }
            guard let function = state.functions[request.function] else {
                return .refuse(.functionNotFound(request.function))
            }
            let job = Job(request: request, function: function, completion: completion)
            switch state.lanes.admit(job, to: job.lane) {
            case .run: return .run(job)
            case .wait: return .wait
            case .overloaded:
                return .refuse(RPCError(.overloaded, "\(instance) is overloaded"))
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

    /// Returns when nothing runs and nothing waits, or when its task is cancelled. From its return on, calls are refused
    /// as not delivered.
    package func drain() async {
        let id = state.withLock { state in
            state.idleWaiterCount += 1
            return state.idleWaiterCount
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.lanes.isIdle || Task.isCancelled {
                        state.isClosed = true
                        return true
                    }
                    state.idleWaiters[id] = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let waiter = state.idleWaiters.removeValue(forKey: id)
                if waiter != nil { state.isClosed = true }
                return waiter
            }
            waiter?.resume()
        }
    }

    /// Runs a job in a task of its own: nobody awaits the task, but `drain` awaits its end through the lanes.
    private func start(_ job: Job) {
        if job.function.options.isNonblocking, CallDepth.current < CallDepth.limit {
            CallDepth.nested { _ = Task.immediate { await self.run(job) } }
        } else {
            Task { await self.run(job) }
        }
    }

    /// Runs a job, and then those that waited for it as long as they may run on the same kind of task.
    private func run(_ first: Job) async {
        var job = first
        while true {
            let began = NIODeadline.now()
            if let deadline = job.request.deadline, deadline < began {
                statistics.countExpired()
            } else {
                let reply = await job.function.handler(job.request)
                let end = NIODeadline.now()
                times.record(end - began, now: end)
                statistics.count(reply)
                job.completion(reply)
            }
            let (next, waiters) = state.withLock { state in
                let next = state.finish(job)
                guard state.lanes.isIdle else { return (next, [UInt64: CheckedContinuation<Void, Never>]()) }
                defer { state.idleWaiters = [:] }
                if !state.idleWaiters.isEmpty { state.isClosed = true }
                return (next, state.idleWaiters)
            }
            for waiter in waiters.values { waiter.resume() }
            guard let next else { return }
            guard next.function.options.isNonblocking == job.function.options.isNonblocking else { return start(next) }
            job = next
        }
    }
}

extension RPCServer {
    /// Notes that the session of a running call changed, so that calls which wait in its lane see the change.
    package func sessionChanged(_ session: SessionBox) {
        state.withLock { state in
            let id = session.state.id
            guard state.lanes.isBusy(.session(id)),
                session.state.version > state.changedSessions[id]?.state.version ?? 0
            else { return }
            state.changedSessions[session.state.id] = session
        }
    }
}

extension RPCServer.State {
    /// Ends a job; the next one gets its session as changed by those before it.
    fileprivate mutating func finish(_ job: RPCServer.Job) -> RPCServer.Job? {
        var next = lanes.finish(job.lane)
        guard !changedSessions.isEmpty else { return next }
        if case .session(let id) = job.lane, !lanes.isBusy(job.lane) { changedSessions[id] = nil }
        if let session = next?.request.sessionBox, let changed = changedSessions[session.state.id],
            changed.state.version > session.state.version
        {
            next?.request.sessionBox = changed
        }
        return next
    }
}

extension RPCServer.Job {
    /// What this job must not overtake or run beside.
    var lane: LaneID {
        switch function.options.execution {
        case .serial: .serial
        case .concurrent: .none
        case .perSession: request.sessionBox.map { .session($0.state.id) } ?? .none
        }
    }
}

extension RPCError {
    /// What a caller is told of an error that a handler threw.
    init(answering error: any Error) {
        switch error {
        case let error as RPCError: self = RPCError(error.code, error.message, outcome: .answered)
        case let error as HandlerError: self.init(.remote, error.message)
        default: self.init(.remote, String(describing: error), underlyingError: error)
        }
    }
}

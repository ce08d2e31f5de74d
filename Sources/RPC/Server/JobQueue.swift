/// The calls that an instance has in hand, and who waits for their end.
///
/// Decides and keeps; whoever owns it locks it, and runs the jobs that it gives out.
struct JobQueue: ~Copyable {
    enum Admission {
        case run
        case wait
        case overloaded
        /// Nothing is taken in any more.
        case closed
    }

    typealias IdleWaiter = CheckedContinuation<Void, Never>

    private var lanes: Lanes<Job>
    /// Sessions that a handler changed while others of their lane waited: those carry the state from before.
    private var changedSessions: [SessionID: SessionBox] = [:]
    /// Set once `drain` found nothing to do.
    private(set) var isClosed = false
    private var idleWaiters: [UInt64: IdleWaiter] = [:]
    private var idleWaiterCount: UInt64 = 0

    init(maxRunning: Int, maxWaiting: Int) {
        lanes = Lanes(maxRunning: maxRunning, maxWaiting: maxWaiting)
    }

    /// Handlers that run, and calls that wait.
    var load: (running: Int, waiting: Int, isFull: Bool) { (lanes.running, lanes.waiting, lanes.isFull) }

    /// Takes a job in. `.run`: the caller runs it now, and calls `finish` after.
    mutating func admit(_ job: Job) -> Admission {
        guard !isClosed else { return .closed }
        return switch lanes.admit(job, to: job.lane, of: job.request.sessionBox?.state.id) {
        case .run: .run
        case .wait: .wait
        case .overloaded: .overloaded
        }
    }

    /// Ends a job.
    /// - Returns: the job to run next in its place, with its session as changed by those before it; and who waited for
    ///   the end of the last one.
    mutating func finish(_ job: Job) -> (next: Job?, idleWaiters: [IdleWaiter]) {
        let next = nextJob(after: job)
        guard lanes.isIdle, !idleWaiters.isEmpty else { return (next, []) }
        isClosed = true
        defer { idleWaiters = [:] }
        return (next, Array(idleWaiters.values))
    }

    private mutating func nextJob(after job: Job) -> Job? {
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

    /// Notes that the session of a running job changed, for those that wait in its lane.
    mutating func sessionChanged(_ session: SessionBox) {
        let id = session.state.id
        guard lanes.isBusy(.session(id)), session.state.version > changedSessions[id]?.state.version ?? 0 else {
            return
        }
        changedSessions[id] = session
    }

    // MARK: The end

    /// A name for one who is about to wait until nothing is in hand.
    mutating func newIdleWaiter() -> UInt64 {
        idleWaiterCount += 1
        return idleWaiterCount
    }

    /// Waits until nothing is in hand; nothing is taken in from then on.
    /// - Returns: false if that is so already, or `isCancelled`: nobody resumes the waiter then.
    mutating func wait(_ id: UInt64, _ waiter: IdleWaiter, isCancelled: Bool) -> Bool {
        guard !lanes.isIdle, !isCancelled else {
            isClosed = true
            return false
        }
        idleWaiters[id] = waiter
        return true
    }

    /// Gives up waiting; nothing is taken in from now on.
    /// - Returns: who waited.
    mutating func giveUp(_ id: UInt64) -> IdleWaiter? {
        let waiter = idleWaiters.removeValue(forKey: id)
        if waiter != nil { isClosed = true }
        return waiter
    }
}

import DequeModule

/// What calls must not overtake or run beside each other: one at a time in a lane, all at once without one.
enum LaneID: Hashable, Sendable {
    case none
    case serial
    case session(SessionID)
}

/// Decides which job runs when: a bound on all that run, a bound on all that wait, a bound on those of one session that
/// wait, and order within a lane.
///
/// A pure value. Lanes exist only while they have work, so sessions that went away leave nothing behind.
struct Lanes<Job> {
    enum Admission {
        case run
        case wait
        case overloaded
    }

    private struct Waiting {
        var job: Job
        var session: SessionID?
    }

    private struct Lane {
        /// True while a job of the lane runs, or waits in `ready`.
        var isBusy = false
        var waiting: Deque<Waiting> = []
    }

    private let maxRunning: Int
    private let maxWaiting: Int
    /// Jobs of one session that may wait: a sixteenth of all, so that one client cannot take the whole line.
    private let maxWaitingOfSession: Int
    private var lanes: [LaneID: Lane] = [:]
    /// Jobs that only the bound on running jobs holds back.
    private var ready: Deque<(waiting: Waiting, lane: LaneID)> = []
    /// How many jobs of a session wait; none for most.
    private var waitingOfSession: [SessionID: Int] = [:]
    private(set) var running = 0
    private(set) var waiting = 0

    init(maxRunning: Int, maxWaiting: Int) {
        self.maxRunning = max(1, maxRunning)
        self.maxWaiting = max(0, maxWaiting)
        maxWaitingOfSession = max(16, self.maxWaiting / 16)
    }

    var isIdle: Bool { running == 0 && waiting == 0 }
    var isFull: Bool { running >= maxRunning }

    func isBusy(_ laneID: LaneID) -> Bool { lanes[laneID] != nil }

    /// Takes a job in. `.run`: the caller runs it now and calls `finish` after.
    /// - Parameter session: on whose behalf the job is, whatever its lane.
    mutating func admit(_ job: borrowing Job, to laneID: LaneID, of session: SessionID? = nil) -> Admission {
        if laneID == .none {
            guard isFull else {
                running += 1
                return .run
            }
            return enqueue(Waiting(job: copy job, session: session), laneID)
        }
        // Most lanes have one job at a time: put in at once, the lane is looked up once.
        if !isFull {
            guard let busy = lanes.updateValue(Lane(isBusy: true), forKey: laneID) else {
                running += 1
                return .run
            }
            lanes[laneID] = busy
        }
        return enqueue(Waiting(job: copy job, session: session), laneID)
    }

    /// Ends a running job of a lane.
    /// - Returns: the job to run next in its place, if one waits.
    mutating func finish(_ laneID: LaneID) -> Job? {
        running -= 1
        // Out and in again where more wait: in place it would be looked up twice where none does.
        if laneID != .none, var lane = lanes.removeValue(forKey: laneID), let next = lane.waiting.popFirst() {
            lanes[laneID] = lane
            ready.append((next, laneID))
        }
        guard !isFull, let next = ready.popFirst() else { return nil }
        waiting -= 1
        running += 1
        if let session = next.waiting.session, let count = waitingOfSession[session] {
            waitingOfSession[session] = count > 1 ? count - 1 : nil
        }
        return next.waiting.job
    }

    private mutating func enqueue(_ job: Waiting, _ laneID: LaneID) -> Admission {
        guard waiting < maxWaiting else { return .overloaded }
        if let session = job.session {
            guard waitingOfSession[session, default: 0] < maxWaitingOfSession else { return .overloaded }
            waitingOfSession[session, default: 0] += 1
        }
        waiting += 1
        if laneID != .none, lanes[laneID]?.isBusy == true {
            lanes[laneID]?.waiting.append(job)
        } else {
            if laneID != .none { lanes[laneID] = Lane(isBusy: true) }
            ready.append((job, laneID))
        }
        return .wait
    }
}

import DequeModule

/// What calls must not overtake or run beside each other: one at a time in a lane, all at once without one.
enum LaneID: Hashable, Sendable {
    case none
    case serial
    case session(SessionID)
}

/// Decides which job runs when: a bound on all that run, a bound on all that wait, and order within a lane.
///
/// A pure value. Lanes exist only while they have work, so sessions that went away leave nothing behind.
struct Lanes<Job> {
    enum Admission {
        case run
        case wait
        case overloaded
    }

    private struct Lane {
        /// True while a job of the lane runs, or waits in `ready`.
        var isBusy = false
        var waiting: Deque<Job> = []
    }

    private let maxRunning: Int
    private let maxWaiting: Int
    private var lanes: [LaneID: Lane] = [:]
    /// Jobs that only the bound on running jobs holds back.
    private var ready: Deque<(job: Job, lane: LaneID)> = []
    private(set) var running = 0
    private(set) var waiting = 0

    init(maxRunning: Int, maxWaiting: Int) {
        self.maxRunning = max(1, maxRunning)
        self.maxWaiting = max(0, maxWaiting)
    }

    var isIdle: Bool { running == 0 && waiting == 0 }
    var isFull: Bool { running >= maxRunning }

    func isBusy(_ laneID: LaneID) -> Bool { lanes[laneID] != nil }

    /// Takes a job in. `.run`: the caller runs it now and calls `finish` after.
    mutating func admit(_ job: Job, to laneID: LaneID) -> Admission {
        if laneID == .none {
            guard isFull else {
                running += 1
                return .run
            }
            return enqueue(job, laneID)
        }
        if lanes[laneID] == nil, !isFull {
            lanes[laneID] = Lane(isBusy: true)
            running += 1
            return .run
        }
        return enqueue(job, laneID)
    }

    /// Ends a running job of a lane.
    /// - Returns: the job to run next in its place, if one waits.
    mutating func finish(_ laneID: LaneID) -> Job? {
        running -= 1
        if laneID != .none {
            // In place: a copy of the lane would copy all that waits in it.
            if let next = lanes[laneID]?.waiting.popFirst() {
                ready.append((next, laneID))
            } else {
                lanes[laneID] = nil
            }
        }
        guard !isFull, let next = ready.popFirst() else { return nil }
        waiting -= 1
        running += 1
        return next.job
    }

    private mutating func enqueue(_ job: Job, _ laneID: LaneID) -> Admission {
        guard waiting < maxWaiting else { return .overloaded }
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

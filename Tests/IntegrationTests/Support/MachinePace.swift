import Glibc

/// How busy the machine is with other things: limits of time are meant for one that is not.
enum MachinePace {
    /// The time that a piece of work takes, over the time that a core works at it: 1 on an idle machine, 3 where two
    /// others want the core as well. Takes some 20 ms of a core.
    static var slowdown: Double {
        let (wall, work) = (seconds(CLOCK_MONOTONIC), seconds(CLOCK_THREAD_CPUTIME_ID))
        while seconds(CLOCK_THREAD_CPUTIME_ID) - work < 0.02 {}
        return max(1, (seconds(CLOCK_MONOTONIC) - wall) / (seconds(CLOCK_THREAD_CPUTIME_ID) - work))
    }

    /// A limit as it is on this machine at this moment.
    static func limit(_ limit: Duration) -> Duration { limit * slowdown }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

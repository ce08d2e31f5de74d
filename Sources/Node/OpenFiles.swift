import Glibc

/// How many files this process may have open: a client of a Gate is one.
enum OpenFiles {
    /// No system has use for more in one process.
    private static let most: rlim_t = 1_048_576

    /// Takes all that the system allows. Many start processes with a limit of 1024, and let them raise it themselves to
    /// another, far higher one (getrlimit(2)).
    static func raiseLimit() {
        var limit = rlimit()
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(files, &limit) == 0 else { return }
        let wanted = min(limit.rlim_max, most)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = wanted
        // Where that is refused, the process lives with what it has, as it would have without asking.
        _ = setrlimit(files, &limit)
    }
}

import Glibc

/// How many files this process may have open, and has: each socket is one.
enum OpenFiles {
    /// No system has use for more in one process.
    private static let most: rlim_t = 1_048_576

    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    /// Takes all that the system allows. Many start processes with a limit of 1024, and let them raise it themselves to
    /// another, far higher one (getrlimit(2)).
    /// - Returns: the limit.
    static func raiseLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return Int(most) }
        let wanted = min(limit.rlim_max, most)
        if limit.rlim_cur < wanted {
            var raised = limit
            raised.rlim_cur = wanted
            // Where that is refused, the process lives with what it has, as it would have without asking.
            if setrlimit(resource, &raised) == 0 { limit = raised }
        }
        return Int(min(limit.rlim_cur, most))
    }

    /// How many are open: this process's own, and those that it inherited.
    static var count: Int {
        guard let directory = opendir("/proc/self/fd") else { return 16 }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            // Neither `.` nor `..`.
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        // This one is closed on return.
        return count - 1
    }
}

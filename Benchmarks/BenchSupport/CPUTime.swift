import Glibc

/// CPU seconds that this process and some others have used so far, as the kernel tells.
public struct CPUTime: Sendable {
    /// Of this process.
    public var own: Double
    /// Of the others, in the order they were given in.
    public var others: [Double]

    /// - Parameter processes: their ids. One that does not exist has used nothing.
    public init(with processes: [Int32] = []) {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        own = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        others = processes.map(Self.used)
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    /// Fields 14 and 15 of /proc/PID/stat, see proc(5).
    private static func used(by process: Int32) -> Double {
        guard let file = fopen("/proc/\(process)/stat", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The time between two readings.
    public static func - (later: CPUTime, earlier: CPUTime) -> CPUTime {
        var difference = later
        difference.own -= earlier.own
        for (index, before) in earlier.others.enumerated() { difference.others[index] -= before }
        return difference
    }

    /// The processes that an argument `watch=PID,PID` names.
    public static func watched(in arguments: [String]) -> [Int32] {
        let prefix = "watch="
        let argument = arguments.first { $0.hasPrefix(prefix) } ?? prefix
        return argument.dropFirst(prefix.count).split(separator: ",").compactMap { Int32($0) }
    }
}

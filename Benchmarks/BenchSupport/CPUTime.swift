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

    public static func - (later: CPUTime, earlier: CPUTime) -> CPUTime {
        var difference = later
        difference.own -= earlier.own
        for (index, before) in earlier.others.enumerated() { difference.others[index] -= before }
        return difference
    }
}

/// What a run of ping-pong RPC found, as the line of `amqprpc` that the script `rpc` reads.
public struct Result: CustomStringConvertible {
    private let window: Int
    private let seconds: Double
    private let latencies: [UInt32]
    private let used: CPUTime

    /// - Parameters:
    ///   - seconds: how long was measured; `used` is for the same time.
    ///   - latencies: one for each call, in microseconds.
    ///   - used: with the server and the broker as the others, if known.
    public init(window: Int, seconds: Double, latencies: [UInt32], used: CPUTime) {
        self.window = window
        self.seconds = seconds
        self.latencies = latencies.sorted()
        self.used = used
    }

    private func quantile(_ share: Double) -> UInt32 {
        latencies.isEmpty ? 0 : latencies[Int(Double(latencies.count - 1) * share)]
    }

    public var description: String {
        var line =
            "RESULT w=\(window) calls_per_s=\(Int(Double(latencies.count) / seconds)) p50=\(quantile(0.5)) "
            + "p99=\(quantile(0.99)) secs=\(seconds) client_cpu=\(used.own)"
        for (name, seconds) in zip(["server", "broker"], used.others) { line += " \(name)_cpu=\(seconds)" }
        return line
    }
}

/// The processes that an argument `watch=PID,PID` names.
public func watchedProcesses(_ arguments: [String]) -> [Int32] {
    for argument in arguments where argument.hasPrefix("watch=") {
        return argument.dropFirst("watch=".count).split(separator: ",").compactMap { Int32($0) }
    }
    return []
}

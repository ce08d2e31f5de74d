/// What a run of ping-pong RPC found, as the line of `raw/rawrpc.c` that the script `rpc` reads.
public struct RunResult: CustomStringConvertible {
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

    /// One line for programs, one key and value after the other.
    public var description: String {
        var line =
            "RESULT w=\(window) calls_per_s=\(Int(Double(latencies.count) / seconds)) p50=\(quantile(0.5)) "
            + "p99=\(quantile(0.99)) secs=\(seconds) client_cpu=\(used.own)"
        for (name, seconds) in zip(["server", "broker"], used.others) { line += " \(name)_cpu=\(seconds)" }
        return line
    }
}

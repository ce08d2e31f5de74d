/// What a process has counted, as lines of text: so it comes to the one that started it, which adds all up.
struct WorkerReport {
    struct BadLine: Error, CustomStringConvertible {
        let line: String
        var description: String { "a process of the generator reports \(line)" }
    }

    var counts: [String: UInt64] = [:]
    var latencies: [String: LatencyHistogram] = [:]
    /// What went wrong, and how often.
    var faults: [String: UInt64] = [:]

    subscript(name: String) -> UInt64 { counts[name, default: 0] }

    var lines: [String] {
        var lines = counts.map { "count \($0.value) \($0.key)" }
        for (name, histogram) in latencies {
            lines += histogram.entries.map { "time \($0.nanoseconds) \($0.times) \(name)" }
        }
        return lines + faults.map { "fault \($0.value) \($0.key.split(separator: "\n").joined(separator: " "))" }
    }

    /// Adds what a line of another report says.
    mutating func add(_ line: String) throws(BadLine) {
        let fields = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        switch fields.first {
        case "count":
            guard fields.count == 3, let number = UInt64(fields[1]) else { throw BadLine(line: line) }
            counts[String(fields[2]), default: 0] += number
        case "fault":
            guard fields.count == 3, let number = UInt64(fields[1]) else { throw BadLine(line: line) }
            faults[String(fields[2]), default: 0] += number
        case "time":
            let rest = fields.count == 3 ? fields[2].split(separator: " ", maxSplits: 1) : []
            guard rest.count == 2, let time = UInt64(fields[1]), let times = UInt32(rest[0]) else {
                throw BadLine(line: line)
            }
            latencies[String(rest[1]), default: LatencyHistogram()].record(time, times: times)
        default: throw BadLine(line: line)
        }
    }
}

/// When the calls of an open loop are due: evenly, whatever became of those before. A process has each `processes`-th
/// of them.
///
/// A latency counts from the moment here, not from when the call was sent: a server that stands still is charged for
/// all that was due meanwhile.
struct OpenLoopSchedule {
    private let start: UInt64
    /// Nanoseconds between two calls of all processes.
    private let interval: Double
    private let process: Int
    private let processes: Int
    /// How many calls of this process have been taken.
    private(set) var taken: UInt64 = 0

    /// - Parameters:
    ///   - rate: calls a second of all processes.
    ///   - process: which of them this is, from 0.
    init(rate: Double, start: UInt64, process: Int = 0, processes: Int = 1) {
        self.start = start
        self.process = process
        self.processes = processes
        interval = Double(Clock.second) / rate
    }

    /// When the next call is due.
    var next: UInt64 {
        let number = taken * UInt64(processes) + UInt64(process)
        return start + UInt64(Double(number) * interval)
    }

    /// Takes the next call, if it is due.
    mutating func take(at now: UInt64) -> UInt64? {
        let due = next
        guard due <= now else { return nil }
        taken += 1
        return due
    }
}

import Glibc

/// What processes have used, as the kernel tells (proc(5)).
struct ProcessUsage {
    /// CPU seconds, those of the system included.
    var seconds: Double
    /// Memory in RAM, in KiB.
    var kilobytes: UInt64

    /// Of a process; nothing if there is none.
    init(of process: Int32) {
        let fields = Self.text("/proc/\(process)/stat").flatMap { text in
            text.lastIndex(of: ")").map { text[$0...].split(separator: " ") }
        }
        let ticks = [12, 13].compactMap { index in fields.flatMap { $0.count > index ? Double($0[index]) : nil } }
        seconds = ticks.reduce(0, +) / Double(sysconf(Int32(_SC_CLK_TCK)))
        let pages = Self.text("/proc/\(process)/statm")?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
        kilobytes = (pages ?? 0) * UInt64(sysconf(Int32(_SC_PAGESIZE))) / 1024
    }

    /// CPU microseconds of this process.
    static var ownMicroseconds: UInt64 {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = UInt64(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        return seconds * 1_000_000 + UInt64(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    }

    private static func text(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}

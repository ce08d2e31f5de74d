import Foundation
import Testing

@testable import MqantLoad

@Suite("Reports of processes") struct ReportTests {
    private func report(_ times: [UInt64]) -> WorkerReport {
        var report = WorkerReport()
        report.counts = ["answers": UInt64(times.count), "wrong": 1]
        report.faults = ["connecting: Connection refused": 2]
        var histogram = LatencyHistogram()
        for time in times { histogram.record(time) }
        report.latencies = ["latency": histogram]
        return report
    }

    @Test func twoProcessesAddUpToOneThatDidAll() throws {
        let times: [UInt64] = (1...5000).map { $0 * 1000 } + [30_000_000_000]
        let (one, other) = (report(times.filter { $0 % 7000 == 0 }), report(times.filter { $0 % 7000 != 0 }))
        var sum = WorkerReport()
        for line in one.lines + other.lines { try sum.add(line) }
        let whole = report(times)
        #expect(sum["answers"] == 5001)
        #expect(sum["wrong"] == 2)
        #expect(sum.faults == ["connecting: Connection refused": 4])
        let (merged, direct) = (try #require(sum.latencies["latency"]), try #require(whole.latencies["latency"]))
        #expect(merged.count == 5001)
        for percentile in [1, 50, 90, 99, 99.9] {
            #expect(merged.microseconds(at: percentile) == direct.microseconds(at: percentile), "p\(percentile)")
        }
        #expect(abs(merged.microseconds(at: 50) - 2501) < 3)
        #expect(merged.maximum == direct.maximum)
        #expect(abs(merged.maximum / 30_000_000 - 1) < 0.001)
    }

    @Test func namesMayHaveSpaces() throws {
        var report = WorkerReport()
        for line in ["time 1000 2 step 3 request a/b", "count 4 given up"] { try report.add(line) }
        #expect(report.latencies["step 3 request a/b"]?.count == 2)
        #expect(report["given up"] == 4)
    }

    @Test(arguments: ["", "count", "count x y", "count -1 y", "time 1 2", "time 1 x y", "hello", "fault 1"])
    func otherLinesAreRefused(line: String) {
        var report = WorkerReport()
        #expect(throws: WorkerReport.BadLine.self) { try report.add(line) }
    }

    @Test func timesOutOfRangeCountAsTheLongest() {
        var histogram = LatencyHistogram()
        histogram.record(.max)
        histogram.record(0)
        #expect(histogram.count == 2)
        #expect(histogram.maximum > 599_000_000)
        #expect(LatencyHistogram().microseconds(at: 99) == 0)
    }

    @Test func figuresAreJSON() throws {
        var figures = Figures()
        figures.add("calls", 12 as UInt64)
        figures.add("per_s", 1234.56)
        figures.add("p50_us", 12.3456)
        var row = Figures("a \"b\"\u{1}\\")
        row.add("count", 1 as UInt64)
        figures.add("steps", [row])
        let object = try JSONSerialization.jsonObject(with: Data(figures.json.utf8)) as? [String: Any]
        #expect(object?["calls"] as? Int == 12)
        #expect(object?["per_s"] as? Int == 1235)
        #expect(object?["p50_us"] as? Double == 12.346)
        let steps = object?["steps"] as? [[String: Any]]
        #expect(steps?.first?["name"] as? String == "a \"b\"\u{1}\\")
        #expect(figures.lines.first?.hasPrefix("calls") == true)
    }
}

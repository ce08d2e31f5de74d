import Mqant
import Testing

@testable import MqantRPC
@testable import MqantServer

/// What `mqantserver status` prints for a person, from rows of the test's own.
struct StatusTableTests {
    private func row(
        _ status: InstanceStatus? = nil, id: InstanceID = "chat-1", unreachable: Bool = false,
        callsPerSecond: Double? = nil
    ) -> StatusRow {
        StatusRow(
            id: id, type: "Chat", node: "node-1", host: "10.0.0.1", unreachable: unreachable, status: status,
            callsPerSecond: callsPerSecond)
    }

    private func status(
        uptime: Double = 1, running: Int = 0, waiting: Int = 0, errors: UInt64 = 0, p99: UInt64? = nil,
        gauges: [String: Int] = [:]
    ) -> InstanceStatus {
        InstanceStatus(
            id: "chat-1", type: "Chat", uptime: uptime, running: running, waiting: waiting, calls: 9, errors: errors,
            p99: p99, broker: "10.0.0.9:5672", gauges: gauges)
    }

    /// The cells of the first row, by the header's words.
    private func cells(_ row: StatusRow) throws -> [String: String] {
        let lines = StatusTable.text([row]).split(separator: "\n")
        #expect(lines.count == 3, "header, rule and row")
        let (header, cells) = (Array(lines[0]), Array(lines[2]))
        var result: [String: String] = [:]
        // Two blanks or more part the columns of the header.
        let starts = header.indices.filter { index in
            header[index] != " " && (index == 0 || (header[index - 1] == " " && index > 1 && header[index - 2] == " "))
        }
        for (number, start) in starts.enumerated() {
            let end = number + 1 < starts.count ? starts[number + 1] : max(header.count, cells.count)
            func text(_ line: [Character]) -> String {
                let part = line.indices.contains(start) ? String(line[start..<min(end, line.count)]) : ""
                return part.split(separator: " ").joined(separator: " ")
            }
            result[text(header)] = text(cells)
        }
        return result
    }

    @Test func nobodyIsThere() {
        #expect(StatusTable.text([]) == "no instance is live")
    }

    @Test func everyColumn() throws {
        let cells = try cells(
            row(
                status(uptime: 59.9, running: 3, errors: 4, p99: 2500, gauges: ["stalled": 1, "sessions": 20]),
                callsPerSecond: 12.6))
        #expect(
            cells == [
                "TYPE": "Chat", "ID": "chat-1", "HOST": "10.0.0.1", "NODE": "node-1", "BROKER": "10.0.0.9:5672",
                "UP": "59 s", "IN FLIGHT": "3",
                "CALLS/S": "13", "ERRORS": "4", "P99": "2 ms", "REPORTS": "20 sessions, 1 stalled",
            ])
    }

    @Test(arguments: [
        (0, "0 s"), (59.99, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h 0 min"), (7_380, "2 h 3 min"),
        (86_399, "23 h 59 min"), (86_400, "1 d 0 h"), (180_000, "2 d 2 h"),
    ])
    func uptimes(seconds: Double, text: String) throws {
        #expect(try cells(row(status(uptime: seconds)))["UP"] == text)
    }

    @Test(arguments: [(0, "0 µs"), (999, "999 µs"), (1000, "1 ms"), (1999, "1 ms"), (12_000_000, "12000 ms")])
    func times(microseconds: UInt64, text: String) throws {
        #expect(try cells(row(status(p99: microseconds)))["P99"] == text)
    }

    @Test func callsInFlightAndThoseThatWait() throws {
        #expect(try cells(row(status(running: 2, waiting: 5)))["IN FLIGHT"] == "2 + 5 waiting")
    }

    @Test func whatIsNotKnownIsEmpty() throws {
        let cells = try cells(row(status()))
        #expect(cells["CALLS/S"] == "" && cells["P99"] == "" && cells["REPORTS"] == "")
        #expect(cells["ERRORS"] == "0")
    }

    @Test func whoDoesNotAnswerIsShownAllTheSame() throws {
        #expect(try cells(row())["UP"] == "no answer")
        #expect(try cells(row())["IN FLIGHT"] == "")
        #expect(try cells(row(unreachable: true))["UP"] == "unreachable")
        #expect(try cells(row(status(), unreachable: true))["UP"] == "1 s", "it did answer")
    }

    @Test func rowsStandBelowEachOther() {
        let lines = StatusTable.text([row(status(), id: "a"), row(status(), id: "游戏服")]).split(separator: "\n")
        // A wide character takes two columns.
        #expect(lines[2].hasPrefix("Chat  a       10.0.0.1"))
        #expect(lines[3].hasPrefix("Chat  游戏服  10.0.0.1"))
    }

    @Test func whatOthersAnnounceIsOneLine() throws {
        let row = row(status(gauges: ["x\n\u{1b}[2J": 1]), id: "a\nERROR forged\u{202e}")
        let cells = try cells(row)
        #expect(cells["ID"] == #"a\nERROR forged\u{202e}"#)
        #expect(cells["REPORTS"] == #"1 x\n\u{1b}[2J"#)
    }
}

import Mqant
import MqantRPC

/// What `mqantserver status` shows a person.
enum StatusTable {
    static func text(_ rows: [StatusRow]) -> String {
        guard !rows.isEmpty else { return "no instance is live" }
        var table = TextTable([
            "TYPE", "ID", "HOST", "NODE", "BROKER", "UP", "IN FLIGHT", "CALLS/S", "ERRORS", "P99", "REPORTS",
        ])
        for row in rows {
            let status = row.status
            table.append([
                row.type.rawValue, row.id.rawValue, row.host, row.node.rawValue, status?.broker ?? "",
                status.map { uptime($0.uptime) } ?? (row.unreachable ? "unreachable" : "no answer"),
                status.map { $0.waiting == 0 ? "\($0.running)" : "\($0.running) + \($0.waiting) waiting" } ?? "",
                row.callsPerSecond.map { "\(Int($0.rounded()))" } ?? "",
                status.map { "\($0.errors)" } ?? "",
                status?.p99.map(time) ?? "",
                status.map {
                    $0.gauges.filter { $0.value != 0 || !$0.key.hasPrefix("ended.") }
                        .sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
                }
                    ?? "",
            ])
        }
        return table.text
    }

    private static func uptime(_ seconds: Double) -> String {
        let seconds = Int(seconds)
        return switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3600: "\(seconds / 60) min"
        case ..<86_400: "\(seconds / 3600) h \(seconds % 3600 / 60) min"
        default: "\(seconds / 86_400) d \(seconds % 86_400 / 3600) h"
        }
    }

    private static func time(_ microseconds: UInt64) -> String {
        microseconds < 1000 ? "\(microseconds) µs" : "\(microseconds / 1000) ms"
    }
}

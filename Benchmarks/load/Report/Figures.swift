/// Figures of a run under their names, in order.
struct Figures {
    enum Value {
        case whole(UInt64)
        case number(Double)
        case list([Figures])
    }

    private(set) var rows: [(name: String, value: Value)] = []

    mutating func add(_ name: String, _ value: UInt64) { rows.append((name, .whole(value))) }
    mutating func add(_ name: String, _ value: Double) { rows.append((name, .number(value))) }
    mutating func add(_ name: String, _ value: [Figures]) { rows.append((name, .list(value))) }

    mutating func append(_ other: Figures) { rows += other.rows }

    /// p50, p90, p99, p99.9 and the longest, in microseconds.
    mutating func add(_ histogram: LatencyHistogram?) {
        let histogram = histogram ?? LatencyHistogram()
        for (name, percentile) in [("p50", 50), ("p90", 90), ("p99", 99), ("p99_9", 99.9)] as [(String, Double)] {
            add("\(name)_us", histogram.microseconds(at: percentile))
        }
        add("max_us", histogram.maximum)
    }

    private var label: String?

    init() {}
    /// A row of a list, with a name of its own.
    init(_ label: String) { self.label = label }

    /// One line of JSON.
    var json: String {
        var members = rows.map { "\(Self.quoted($0.name)):\($0.value.json)" }
        if let label { members.insert("\"name\":\(Self.quoted(label))", at: 0) }
        return "{\(members.joined(separator: ","))}"
    }

    /// A line for each figure, for people.
    var lines: [String] {
        let width = rows.map(\.name.count).max() ?? 0
        var lines: [String] = []
        for (name, value) in rows {
            guard case .list(let list) = value else {
                lines.append(name + String(repeating: " ", count: width - name.count) + "  " + value.text)
                continue
            }
            for row in list {
                let figures = row.rows.map { "\($0.name) \($0.value.text)" }.joined(separator: "  ")
                lines.append("\(name) \(row.label ?? ""): \(figures)")
            }
        }
        return lines
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension Figures.Value {
    var text: String {
        switch self {
        case .whole(let number): "\(number)"
        // To a tenth up to 1000, from there on whole.
        case .number(let number) where number.magnitude >= 1000: "\(number.rounded().integer)"
        case .number(let number): "\((number * 1000).rounded() / 1000)"
        case .list(let list): list.map(\.json).joined(separator: ",")
        }
    }

    var json: String {
        if case .list(let list) = self { return "[\(list.map(\.json).joined(separator: ","))]" }
        return text
    }
}

extension Double {
    fileprivate var integer: Int { Int(exactly: self) ?? (self > 0 ? .max : .min) }
}

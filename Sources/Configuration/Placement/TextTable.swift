/// Columns of text, aligned for a terminal.
package struct TextTable {
    private let header: [String]
    private var rows: [[String]] = []

    package init(_ header: [String]) {
        self.header = header
    }

    /// Adds a row; cells that it lacks are empty. Others may have chosen what stands in them.
    package mutating func append(_ row: [String]) {
        rows.append(row.map(TerminalText.line))
    }

    /// The lines, joined.
    package var text: String { lines.joined(separator: "\n") }

    /// The lines, with a rule below the header and no space at their ends.
    var lines: [String] {
        let widths = header.indices.map { column in
            ([header] + rows).map { column < $0.count ? Self.width(of: $0[column]) : 0 }.max() ?? 0
        }
        let rule = widths.map { String(repeating: "─", count: $0) }
        return ([header, rule] + rows).map { row in
            var line = ""
            for (column, cell) in row.enumerated() where column < widths.count {
                let isLast = column == row.count - 1
                line += cell
                if !isLast { line += String(repeating: " ", count: widths[column] - Self.width(of: cell) + 2) }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// How many columns of a terminal a text takes: two for the wide characters of East Asia (Unicode UAX #11) and
    /// for emoji.
    static func width(of text: String) -> Int {
        text.reduce(0) { width, character in
            guard let scalar = character.unicodeScalars.first else { return width }
            let isWide =
                switch scalar.value {
                case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
                    0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
                    true
                default: false
                }
            return width + (isWide ? 2 : 1)
        }
    }
}

/// Text that others chose, made fit for a terminal: it can forge no line, move no cursor, and reorder no characters.
package enum TerminalText {
    /// One line: every unsafe character is written as `\n`, `\t`, `\r` or `\u{1b}`.
    package static func line(_ text: String) -> String {
        escaped(text) { _ in false }
    }

    /// Several lines: line feeds stay, everything else is as in ``line(_:)``.
    package static func lines(_ text: String) -> String {
        escaped(text) { $0 == "\n" }
    }

    /// A value of a log line: as it is, or in quotes where it is empty or holds a space, a quote or an unsafe
    /// character.
    package static func value(_ text: String) -> String {
        let line = line(text)
        guard text.isEmpty || line != text || text.utf8.contains(where: { $0 == 0x20 || $0 == 0x22 }) else {
            return text
        }
        let inner = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(Self.line(inner))\""
    }

    /// JSON of the same meaning: unsafe characters can stand in its strings only, where `\u001b` means the same.
    package static func json(_ text: String) -> String {
        guard !isPlain(text) else { return text }
        var output = ""
        for scalar in text.unicodeScalars {
            if !scalar.isUnsafeInTerminal || scalar == "\n" || scalar == "\r" || scalar == "\t" {
                output.unicodeScalars.append(scalar)
            } else {
                for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
                    let digits = String(unit, radix: 16)
                    output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            }
        }
        return output
    }

    private static func escaped(_ text: String, except isKept: (Unicode.Scalar) -> Bool) -> String {
        guard !isPlain(text) else { return text }
        var output = ""
        for scalar in text.unicodeScalars {
            if !scalar.isUnsafeInTerminal || isKept(scalar) {
                output.unicodeScalars.append(scalar)
            } else {
                switch scalar {
                case "\n": output += "\\n"
                case "\r": output += "\\r"
                case "\t": output += "\\t"
                default: output += "\\u{\(String(scalar.value, radix: 16))}"
                }
            }
        }
        return output
    }

    /// Nearly every text is: printable ASCII alone.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20...0x7e).contains($0) }
    }
}

extension Unicode.Scalar {
    /// Controls (C0, DEL, C1), separators of lines and paragraphs, and characters of format: those that turn the
    /// direction of writing, and those that do not show. The joiners and the tags of emoji are let through.
    fileprivate var isUnsafeInTerminal: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        case .format: self != "\u{200c}" && self != "\u{200d}" && !(0xe0020...0xe007f).contains(value)
        default: false
        }
    }
}

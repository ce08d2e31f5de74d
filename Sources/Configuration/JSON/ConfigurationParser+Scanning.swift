extension ConfigurationParser {
    var current: UInt8? { byte(at: index) }

    func byte(at index: Int) -> UInt8? {
        bytes.indices.contains(index) ? bytes[index] : nil
    }

    /// Steps over one character where it stands here.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let current, current == UInt8(truncatingIfNeeded: character.value) else { return false }
        index += 1
        return true
    }

    /// Steps over white space and comments.
    mutating func skipSpace() throws(ConfigurationError) {
        while let byte = current {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D:
                index += 1
            case UInt8(ascii: "/") where self.byte(at: index + 1) == UInt8(ascii: "/"):
                while let byte = current, byte != 0x0A, byte != 0x0D { index += 1 }
            case UInt8(ascii: "/") where self.byte(at: index + 1) == UInt8(ascii: "*"):
                try skipBlockComment()
            default:
                return
            }
        }
    }

    private mutating func skipBlockComment() throws(ConfigurationError) {
        let start = index
        index += 2
        while current != nil {
            if current == UInt8(ascii: "*"), byte(at: index + 1) == UInt8(ascii: "/") {
                index += 2
                return
            }
            index += 1
        }
        throw fault(at: start, "expected '*/' at the end of this comment, found the end of the file")
    }

    /// A word without quotes: a literal, or a key as JSON5 allows it.
    mutating func bareWord() -> String? {
        let start = index
        while let byte = current, byte.isWordByte, index > start || !byte.isDigit { index += 1 }
        return start == index ? nil : String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// A number by JSON's grammar, as it is written.
    mutating func number() throws(ConfigurationError) -> String {
        let start = index
        _ = take("-")
        if take("0") {
            if current?.isDigit == true { throw fault(at: start, "a number does not begin with 0") }
        } else {
            try digits("a digit")
        }
        if take(".") { try digits("a digit after the decimal point") }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits("a digit of the exponent")
        }
        if let byte = current, byte.isWordByte || byte == UInt8(ascii: ".") {
            throw fault("expected the end of the number, found \(found)")
        }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func digits(_ expected: String) throws(ConfigurationError) {
        guard current?.isDigit == true else { throw fault("expected \(expected), found \(found)") }
        while current?.isDigit == true { index += 1 }
    }

    /// What stands here, for a fault.
    var found: String {
        guard index < bytes.count else { return "the end of the file" }
        let rest = String(decoding: bytes[index..<min(index + 32, bytes.count)], as: UTF8.self)
        guard let character = rest.first, !character.isNewline else { return "the end of the line" }
        return character == "'" ? "a single quote" : "'\(String(character).quotedForFault.dropFirst().dropLast())'"
    }

    func fault(at offset: Int? = nil, _ message: String) -> ConfigurationError {
        ConfigurationError(source.fault(at: offset ?? index, path: path, message))
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var isWordByte: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
            || self == UInt8(ascii: "_") || self == UInt8(ascii: "$")
    }
}

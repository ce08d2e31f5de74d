/// Reads JSON (RFC 8259) as people write it: with `//` and `/* */` comments, trailing commas, single-quoted strings
/// and unquoted keys besides. Keeps the place of every value; ends at the first fault.
struct ConfigurationParser {
    /// Deeper files are refused: recursion must end before the stack does.
    static let maximumDepth = 512

    let source: ConfigurationSource
    let bytes: [UInt8]
    var index = 0
    var path = ConfigurationPath()
    private var depth = 0

    private init(_ source: ConfigurationSource) {
        self.source = source
        self.bytes = source.bytes
    }

    /// The value that a file holds.
    static func parse(_ source: ConfigurationSource) throws(ConfigurationError) -> ConfigurationValue {
        var parser = Self(source)
        try parser.skipSpace()
        if parser.current == nil { throw parser.fault("the file is empty: expected '{'") }
        let value = try parser.value()
        try parser.skipSpace()
        if parser.current != nil {
            throw parser.fault("expected the end of the file after the value, found \(parser.found)")
        }
        return value
    }

    private mutating func value() throws(ConfigurationError) -> ConfigurationValue {
        let start = index
        switch current {
        case UInt8(ascii: "{"):
            return ConfigurationValue(content: .object(try object()), offset: start)
        case UInt8(ascii: "["):
            return ConfigurationValue(content: .array(try array()), offset: start)
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return ConfigurationValue(content: .string(ConfigurationText(try string())), offset: start)
        case let byte? where byte == UInt8(ascii: "-") || byte.isDigit:
            return ConfigurationValue(content: .number(try number()), offset: start)
        default:
            return ConfigurationValue(content: try word(), offset: start)
        }
    }

    private mutating func word() throws(ConfigurationError) -> ConfigurationValue.Content {
        let start = index
        switch bareWord() {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        case let word?:
            let advice = word.hasPrefix("$") ? "\"${NAME}\" needs quotes, for numbers too" : "strings need quotes"
            throw fault(at: start, "expected a value, found the word \(word.quotedForFault); \(advice)")
        case nil:
            throw fault("expected a value, found \(found)")
        }
    }

    private mutating func object() throws(ConfigurationError) -> [ConfigurationValue.Member] {
        let start = index
        let outer = path
        try descend()
        defer { depth -= 1 }
        var members: [ConfigurationValue.Member] = []
        var offsets: [String: Int] = [:]
        while true {
            try skipSpace()
            if take("}") { return members }
            let keyOffset = index
            let key = try key(ofObjectAt: start)
            path = outer.appending(key)
            if let first = offsets.updateValue(keyOffset, forKey: key) {
                let line = source.position(at: first).line
                throw fault(at: keyOffset, "this key stands twice in one object (first in line \(line))")
            }
            try skipSpace()
            guard take(":") else { throw fault("expected ':' after the key, found \(found)") }
            try skipSpace()
            members.append(.init(key: key, keyOffset: keyOffset, value: try value()))
            path = outer
            try skipSpace()
            if take(",") { continue }
            guard take("}") else { throw unclosed("object", from: start, expected: "',' or '}'") }
            return members
        }
    }

    private mutating func key(ofObjectAt start: Int) throws(ConfigurationError) -> String {
        if current == UInt8(ascii: "\"") || current == UInt8(ascii: "'") { return try string() }
        if let word = bareWord() { return word }
        throw unclosed("object", from: start, expected: "a key or '}'")
    }

    private mutating func array() throws(ConfigurationError) -> [ConfigurationValue] {
        let start = index
        let outer = path
        try descend()
        defer { depth -= 1 }
        var elements: [ConfigurationValue] = []
        while true {
            try skipSpace()
            if take("]") { return elements }
            if current == nil { throw unclosed("array", from: start, expected: "a value or ']'") }
            path = outer.appending(elements.count)
            elements.append(try value())
            path = outer
            try skipSpace()
            if take(",") { continue }
            guard take("]") else { throw unclosed("array", from: start, expected: "',' or ']'") }
            return elements
        }
    }

    private mutating func descend() throws(ConfigurationError) {
        guard depth < Self.maximumDepth else {
            throw fault("values are nested more than \(Self.maximumDepth) levels deep")
        }
        depth += 1
        index += 1
    }

    private func unclosed(_ container: String, from start: Int, expected: String) -> ConfigurationError {
        guard current == nil else { return fault("expected \(expected), found \(found)") }
        let place = source.position(at: start)
        return fault(
            "the file ends inside the \(container) that begins in line \(place.line), column \(place.column): "
                + "expected \(expected)")
    }
}

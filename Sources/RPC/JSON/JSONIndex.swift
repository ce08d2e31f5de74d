/// Where the values of one JSON text lie: all of them in their order, found in one pass (RFC 8259).
///
/// A member of an object is two values, its key and its own. The text is valid from end to end.
struct JSONIndex {
    enum Kind: UInt8 {
        case object, array
        /// A string of ASCII without escapes.
        case text
        /// A string with bytes beyond ASCII, without escapes.
        case unicodeText
        /// A string with escapes.
        case escapedText
        case number
        case yes, no, null
    }

    struct Value {
        var kind: Kind
        /// Bytes of the text; of a string without its quotation marks.
        var start: UInt32
        var end: UInt32 = 0
        /// Elements or members.
        var count: UInt32 = 0
        /// The value behind this one and all that is in it. While a container is open: the one around it.
        var next: UInt32 = 0
    }

    /// The first is the whole text.
    private(set) var values: [Value] = []

    /// nil: this is not one JSON text, or it is larger than 4 GiB.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard UInt32(exactly: bytes.count) != nil else { return nil }
        values.reserveCapacity(8 + bytes.count / 8)
        var scanner = JSONScanner(bytes: bytes)
        guard scan(&scanner) else { return nil }
    }

    private mutating func scan(_ scanner: inout JSONScanner) -> Bool {
        /// The innermost open container, counted from 1; 0: none.
        var container = 0
        var depth = 0
        while true {
            scanner.skipSpace()
            let start = scanner.index
            switch scanner.current {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < JSONScanner.maximumDepth else { return false }
                let isObject = scanner.current == UInt8(ascii: "{")
                depth += 1
                values.append(
                    Value(kind: isObject ? .object : .array, start: UInt32(start), next: UInt32(container)))
                container = values.count
                scanner.index += 1
                scanner.skipSpace()
                if scanner.current != (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if isObject, !scanKey(&scanner) { return false }
                    continue
                }
            case UInt8(ascii: "\""):
                guard scanText(&scanner) else { return false }
            default:
                guard scanScalar(&scanner) else { return false }
            }
            // A value has ended, or an empty container is about to.
            var isEmpty = values.count == container
            var isElementDue = false
            while container > 0, !isElementDue {
                let isObject = values[container - 1].kind == .object
                if !isEmpty { values[container - 1].count += 1 }
                isEmpty = false
                scanner.skipSpace()
                switch scanner.current {
                case UInt8(ascii: ","):
                    scanner.index += 1
                    if isObject, !scanKey(&scanner) { return false }
                    isElementDue = true
                case isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"):
                    scanner.index += 1
                    depth -= 1
                    let outer = Int(values[container - 1].next)
                    values[container - 1].end = UInt32(scanner.index)
                    values[container - 1].next = UInt32(values.count)
                    container = outer
                default:
                    return false
                }
            }
            if isElementDue { continue }
            scanner.skipSpace()
            return scanner.current == nil
        }
    }

    private mutating func scanKey(_ scanner: inout JSONScanner) -> Bool {
        scanner.skipSpace()
        guard scanner.current == UInt8(ascii: "\""), scanText(&scanner) else { return false }
        return scanner.take(UInt8(ascii: ":"))
    }

    private mutating func scanText(_ scanner: inout JSONScanner) -> Bool {
        let start = scanner.index + 1
        guard let form = scanner.scanText() else { return false }
        append(form, start..<(scanner.index - 1))
        return true
    }

    private mutating func scanScalar(_ scanner: inout JSONScanner) -> Bool {
        let start = scanner.index
        let kind: Kind
        switch scanner.current {
        case UInt8(ascii: "t"): kind = .yes
        case UInt8(ascii: "f"): kind = .no
        case UInt8(ascii: "n"): kind = .null
        default: kind = .number
        }
        let isValid =
            switch kind {
            case .yes: scanner.scanWord("true")
            case .no: scanner.scanWord("false")
            case .null: scanner.scanWord("null")
            default: scanner.scanNumber()
            }
        if isValid { append(kind, start..<scanner.index) }
        return isValid
    }

    private mutating func append(_ kind: Kind, _ range: Range<Int>) {
        values.append(
            Value(
                kind: kind, start: UInt32(range.lowerBound), end: UInt32(range.upperBound),
                next: UInt32(values.count + 1)))
    }
}

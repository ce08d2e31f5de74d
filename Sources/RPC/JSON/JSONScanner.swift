package import NIOCore

/// Checks that bytes are one JSON text (RFC 8259) without building anything of it.
package struct JSONScanner {
    /// Arrays and objects within each other.
    static let maximumDepth = 512

    let bytes: UnsafeRawBufferPointer
    var index = 0
    private var brackets = OpenBrackets()

    package static func isValid(_ buffer: ByteBuffer) -> Bool {
        buffer.withUnsafeReadableBytes { bytes in
            var scanner = JSONScanner(bytes: bytes)
            return scanner.scan()
        }
    }

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func scan() -> Bool {
        guard scanWholeValue() else { return false }
        skipSpace()
        return index == bytes.count
    }

    /// Scans a value with all that is in it.
    mutating func scanWholeValue() -> Bool {
        let depth = brackets.count
        guard scanValue() else { return false }
        while brackets.count > depth, let inObject = brackets.isLastObject {
            skipSpace()
            switch current {
            case UInt8(ascii: ","):
                index += 1
                if inObject, !scanKey() { return false }
                guard scanValue() else { return false }
            case inObject ? UInt8(ascii: "}") : UInt8(ascii: "]"):
                index += 1
                brackets.removeLast()
            default:
                return false
            }
        }
        return true
    }

    /// Scans a value; of an array or object only up to and with its first element, the rest is `scanWholeValue`'s.
    private mutating func scanValue() -> Bool {
        while true {
            skipSpace()
            switch current {
            case UInt8(ascii: "\""): return scanString()
            case UInt8(ascii: "{"):
                guard open(asObject: true) else { return false }
                if close(UInt8(ascii: "}")) { return true }
                guard scanKey() else { return false }
            case UInt8(ascii: "["):
                guard open(asObject: false) else { return false }
                if close(UInt8(ascii: "]")) { return true }
            case UInt8(ascii: "t"): return scanWord("true")
            case UInt8(ascii: "f"): return scanWord("false")
            case UInt8(ascii: "n"): return scanWord("null")
            default: return scanNumber()
            }
        }
    }

    /// Steps over a byte that must be there.
    mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard current == byte else { return false }
        index += 1
        return true
    }

    private mutating func open(asObject: Bool) -> Bool {
        guard brackets.count < Self.maximumDepth else { return false }
        brackets.append(isObject: asObject)
        index += 1
        return true
    }

    private mutating func close(_ bracket: UInt8) -> Bool {
        skipSpace()
        guard current == bracket else { return false }
        index += 1
        brackets.removeLast()
        return true
    }

    mutating func scanKey() -> Bool {
        skipSpace()
        guard current == UInt8(ascii: "\""), scanString() else { return false }
        skipSpace()
        guard current == UInt8(ascii: ":") else { return false }
        index += 1
        return true
    }

    private mutating func scanString() -> Bool { scanText() != nil }

    /// Scans a string, which begins here.
    /// - Returns: its form; nil: it is none.
    mutating func scanText() -> JSONIndex.Kind? {
        index += 1
        let start = index
        var isASCII = true
        var isPlain = true
        while let byte = current {
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                if isASCII { return isPlain ? .text : .escapedText }
                guard String(validating: bytes[start..<(index - 1)], as: UTF8.self) != nil else { return nil }
                return isPlain ? .unicodeText : .escapedText
            case UInt8(ascii: "\\"):
                isPlain = false
                guard scanEscape() else { return nil }
            case 0..<0x20:
                return nil
            case 0x80...:
                isASCII = false
            default:
                break
            }
        }
        return nil
    }

    private mutating func scanEscape() -> Bool {
        guard let byte = current else { return false }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return true
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard let digit = current, Character(UnicodeScalar(digit)).isHexDigit, digit < 0x80 else {
                    return false
                }
                index += 1
            }
            return true
        default:
            return false
        }
    }

    mutating func scanNumber() -> Bool {
        if current == UInt8(ascii: "-") { index += 1 }
        if current == UInt8(ascii: "0") { index += 1 } else { guard scanDigits() else { return false } }
        if current == UInt8(ascii: ".") {
            index += 1
            guard scanDigits() else { return false }
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            index += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
            guard scanDigits() else { return false }
        }
        return true
    }

    private mutating func scanDigits() -> Bool {
        let start = index
        while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { index += 1 }
        return index > start
    }

    mutating func scanWord(_ word: StaticString) -> Bool {
        let end = index + word.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        for offset in 0..<word.utf8CodeUnitCount where bytes[index + offset] != word.utf8Start[offset] { return false }
        index = end
        return true
    }

    mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { index += 1 }
    }
}

extension ConfigurationParser {
    /// A string in double or single quotes, its escapes resolved (RFC 8259 §7, and `\'`).
    mutating func string() throws(ConfigurationError) -> String {
        let start = index
        let quote = bytes[index]
        index += 1
        var text: [UInt8] = []
        while let byte = current {
            switch byte {
            case quote:
                index += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try escape(into: &text)
            case 0x0A, 0x0D:
                throw fault(at: start, "expected the closing quote of this string before the end of the line")
            case ..<0x20:
                let code = String(byte, radix: 16)
                throw fault("a control character in a string must be written as \\u00\(byte < 16 ? "0" : "")\(code)")
            default:
                text.append(byte)
                index += 1
            }
        }
        throw fault(at: start, "expected the closing quote of this string, found the end of the file")
    }

    private mutating func escape(into text: inout [UInt8]) throws(ConfigurationError) {
        let start = index
        index += 1
        let escaped = current
        index += 1
        switch escaped {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"), UInt8(ascii: "/"): text += [escaped ?? 0]
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try unicodeEscape(from: start)
            text += String(scalar).utf8
        default:
            throw fault(at: start, "unknown escape; JSON knows \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX")
        }
    }

    /// The scalar of `\uXXXX`, or of two of them that make a surrogate pair.
    private mutating func unicodeEscape(from start: Int) throws(ConfigurationError) -> Unicode.Scalar {
        let first = try hexadecimal(from: start)
        if let scalar = Unicode.Scalar(first) { return scalar }
        if first < 0xDC00, current == UInt8(ascii: "\\"), byte(at: index + 1) == UInt8(ascii: "u") {
            index += 2
            let second = try hexadecimal(from: start)
            if (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + ((UInt32(first) - 0xD800) << 10) + (UInt32(second) - 0xDC00))
            {
                return scalar
            }
        }
        throw fault(at: start, "half of a surrogate pair stands alone")
    }

    private mutating func hexadecimal(from start: Int) throws(ConfigurationError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault(at: start, "expected four hexadecimal digits after \\u")
            }
            value = value << 4 | UInt16(digit)
            index += 1
        }
        return value
    }
}

package import NIOCore

/// Writes JSON strings without an encoder between (RFC 8259 §7).
package enum JSONText {
    /// Writes `text` in quotation marks, escaping what must be escaped and nothing else.
    package static func write(_ text: String, to buffer: inout ByteBuffer) {
        forEachPart(of: text) { buffer.writeBytes($0) }
    }

    /// Appends the same to an array of bytes.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        forEachPart(of: text) { bytes.append(contentsOf: $0) }
    }

    /// Bytes of `text` as a JSON string, whoever writes it: at most six for what must be escaped.
    package static func size(of text: String) -> Int {
        text.utf8.reduce(2) { size, byte in
            size + (byte < 0x20 ? 6 : mustBeEscaped(byte) ? 2 : 1)
        }
    }

    /// Bytes of `text` as `write` writes it.
    package static func writtenSize(of text: String) -> Int {
        text.utf8.reduce(2) { size, byte in
            guard mustBeEscaped(byte) else { return size + 1 }
            return size + (byte >= 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 ? 2 : 6)
        }
    }

    private static func mustBeEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// Hands out the bytes of the JSON string: quotation marks, escapes, and what lies between as it is.
    private static func forEachPart(of text: String, _ body: (UnsafeRawBufferPointer) -> Void) {
        func write(_ part: StaticString) {
            part.withUTF8Buffer { body(UnsafeRawBufferPointer($0)) }
        }
        var text = text
        text.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            write("\"")
            var start = 0
            for index in bytes.indices where mustBeEscaped(bytes[index]) {
                if start < index { body(UnsafeRawBufferPointer(rebasing: bytes[start..<index])) }
                writeEscape(of: bytes[index], write, body)
                start = index + 1
            }
            if start < bytes.count { body(UnsafeRawBufferPointer(rebasing: bytes[start...])) }
            write("\"")
        }
    }

    private static func writeEscape(
        of byte: UInt8, _ write: (StaticString) -> Void, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        switch byte {
        case UInt8(ascii: "\""): write("\\\"")
        case UInt8(ascii: "\\"): write("\\\\")
        case 0x0a: write("\\n")
        case 0x0d: write("\\r")
        case 0x09: write("\\t")
        default:
            write(byte < 0x10 ? "\\u000" : "\\u001")
            let digits: StaticString = "0123456789abcdef"
            digits.withUTF8Buffer {
                body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer($0)[Int(byte & 15)...Int(byte & 15)]))
            }
        }
    }
}

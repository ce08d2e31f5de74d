import FoundationEssentials
package import NIOCore

/// Single members of the object that is the first argument of a call, found without decoding the whole.
package enum JSONField {
    /// The text under a key; nil if there is none, or something else.
    package static func string(_ key: String, ofFirstElementIn arguments: ByteBuffer) -> String? {
        value(key, arguments) { value in
            guard value.count >= 2, value.first == UInt8(ascii: "\"") else { return nil }
            return text(ofQuoted: value)
        }
    }

    /// The whole number under a key; nil if there is none, or something else.
    package static func int(_ key: String, ofFirstElementIn arguments: ByteBuffer) -> Int? {
        value(key, arguments) { Int(String(decoding: $0, as: UTF8.self)) }
    }

    private static func value<Value>(
        _ key: String, _ arguments: ByteBuffer, _ read: (UnsafeRawBufferPointer) -> Value?
    ) -> Value? {
        arguments.withUnsafeReadableBytes { bytes in
            var scanner = JSONScanner(bytes: bytes)
            return range(of: key, &scanner).flatMap { read(UnsafeRawBufferPointer(rebasing: bytes[$0])) }
        }
    }

    /// Where the value of a key lies. Of a key that stands twice the first counts, as for Foundation's decoder.
    private static func range(of key: String, _ scanner: inout JSONScanner) -> Range<Int>? {
        guard scanner.take(UInt8(ascii: "[")), scanner.take(UInt8(ascii: "{")) else { return nil }
        repeat {
            scanner.skipSpace()
            let keyStart = scanner.index
            guard scanner.scanKey() else { return nil }
            let isWanted = isQuoted(key, at: keyStart, scanner.bytes)
            scanner.skipSpace()
            let start = scanner.index
            guard scanner.scanWholeValue() else { return nil }
            if isWanted { return start..<scanner.index }
        } while scanner.take(UInt8(ascii: ","))
        return nil
    }

    /// True if a JSON string that begins at an index is `key`. Its end was found: there is a closing quotation mark.
    private static func isQuoted(_ key: String, at start: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = start + 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard index < bytes.count else { return false }
        let quoted = UnsafeRawBufferPointer(rebasing: bytes[start...index])
        let isPlain = !quoted.contains(UInt8(ascii: "\\"))
        if isPlain { return quoted.dropFirst().dropLast().elementsEqual(key.utf8) }
        return text(ofQuoted: quoted)?.utf8.elementsEqual(key.utf8) == true
    }

    /// The text of a JSON string with its quotation marks.
    private static func text(ofQuoted bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.contains(UInt8(ascii: "\\")) else {
            return String(validating: bytes.dropFirst().dropLast(), as: UTF8.self)
        }
        return try? JSONDecoder().decode(String.self, from: Data(bytes))
    }
}

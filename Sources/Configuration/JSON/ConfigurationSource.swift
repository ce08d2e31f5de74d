/// The text of a configuration file, and where its lines begin.
struct ConfigurationSource: Sendable {
    /// Files larger than this are refused, in bytes: a `server.conf` is written by people.
    static let maximumSize = 1 << 20

    /// The file as faults name it.
    let file: String

    /// UTF-8, without a byte order mark.
    let bytes: [UInt8]

    private let lineStarts: [Int]

    /// Checks size and encoding.
    ///
    /// - Parameters:
    ///   - bytes: The file as it was read; a UTF-8 byte order mark is dropped.
    ///   - file: The name to put before faults.
    init(bytes: [UInt8], file: String) throws(ConfigurationError) {
        guard bytes.count <= Self.maximumSize else {
            let limit = Self.maximumSize
            throw ConfigurationError(.init(file: file, message: "the file is larger than \(limit) bytes"))
        }
        if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) {
            throw ConfigurationError(.init(file: file, message: "the file is UTF-16; save it as UTF-8"))
        }
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        self.file = file
        self.bytes = text
        self.lineStarts = Self.lineStarts(in: text)
        if let offset = Self.firstInvalidByte(in: text) {
            let value = String(text[offset], radix: 16, uppercase: true)
            throw fault(at: offset, "the byte 0x\(value) is not valid UTF-8; save the file as UTF-8")
        }
    }

    /// A line ends with LF, CR LF, or CR.
    private static func lineStarts(in bytes: [UInt8]) -> [Int] {
        var starts = [0]
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0A {
                starts.append(index + 1)
            } else if byte == 0x0D, index + 1 == bytes.count || bytes[index + 1] != 0x0A {
                starts.append(index + 1)
            }
        }
        return starts
    }

    private static func firstInvalidByte(in bytes: [UInt8]) -> Int? {
        do {
            _ = try UTF8Span(validating: bytes.span)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }

    /// The line and column of a byte; an offset beyond the end means the end.
    func position(at offset: Int) -> ConfigurationPosition {
        let offset = max(0, min(offset, bytes.count))
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        guard offset < bytes.count else {
            return ConfigurationPosition(line: low + 1, column: characters(lineStarts[low]..<offset) + 1)
        }
        // Counted up to and with the scalar here, which may be the later half of a character.
        var end = offset + 1
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        return ConfigurationPosition(line: low + 1, column: characters(lineStarts[low]..<end))
    }

    private func characters(_ range: Range<Int>) -> Int {
        String(decoding: bytes[range], as: UTF8.self).count
    }

    /// A fault at a byte of this file.
    func fault(
        at offset: Int, path: ConfigurationPath = ConfigurationPath(), _ message: String
    ) -> ConfigurationError.Fault {
        .init(file: file, position: position(at: offset), keyPath: path.description, message: message)
    }

    private func fault(at offset: Int, _ message: String) -> ConfigurationError {
        ConfigurationError(fault(at: offset, path: ConfigurationPath(), message))
    }
}

extension ConfigurationSource: CustomStringConvertible, CustomReflectable {
    /// The file's name: its text may hold passwords.
    var description: String { file }

    var customMirror: Mirror { Mirror(self, children: []) }
}
